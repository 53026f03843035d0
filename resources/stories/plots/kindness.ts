import { plot } from '../plot.ts'

/** The hero helps a small creature; later that creature helps the hero. */
export const kindness = plot(
  'a kindness is repaid',
  `
  creature ; plight ; rescue ; need ; repay
  beetle ; lay on its back and kicked its legs ; turned it over with a blade of grass ; {hero} dropped {his} house key down a crack in the floor ; crawled into the crack and pushed the key out
  swallow ; was caught in a fishing net ; cut the net with a small knife ; {hero} was lost in the fog ; flew ahead of {him} and showed {him} the way home
  mouse ; was stuck in a jar of honey ; pulled it out and washed its fur ; {hero} was tangled in a rope ; gnawed through the rope in no time
  mole ; had wandered into the blinding sunlight ; shaded its eyes with a hat and guided it home ; {hero} fell into a deep pit ; dug a sloping tunnel and led {him} out
  hummingbird ; was exhausted and couldn't fly ; fed it sugar water from a thimble ; {hero} had to find a flower that blooms only once in a century ; hovered in front of {him} and led {him} straight to it
  woodpecker ; had got its beak wedged in a fence post ; wiggled the beak loose, bit by bit ; {hero} was locked in the granary ; hammered at the lock until it sprang open
  camel ; was thirsty and had a stone in its hoof ; removed the stone and fetched {number} buckets of water ; {hero} was stranded in the dunes without a drop to drink ; knelt down, let {him} climb up and trotted to the nearest oasis
  bee ; had fallen into a bucket of water ; lifted it out on a leaf and let it dry in the sun ; a thief came to steal {hero}'s basket ; called all its sisters, and the thief ran away
  spider ; was about to be swept away by a broom ; carried it outside in a cup ; {hero} had a hole in {his} only coat ; wove silver thread over the hole in one night
  duckling ; couldn't find its mother ; led it back to the pond ; {hero}'s hat blew into the middle of the pond ; fetched the hat with its brothers and sisters
  crow ; had a thorn in its foot ; pulled out the thorn, very gently ; {hero} needed a light to find the path ; brought {him} a shiny lamp from the roof of the inn
  firefly ; was shut up in a bottle ; opened the bottle and let it go ; {hero}'s lantern went out in the middle of the wood ; came with three hundred friends and lit up the trees
  snail ; was crossing a busy road ; carried it safely to the other side ; {hero} had to keep a secret letter from the rain ; sat down on the letter like a little roof
  goat ; had its horns stuck in a fence ; lifted the rail and set it free ; {hero} couldn't get up the rocky slope ; let {him} hold on to its tail and climbed ahead
  fish ; was gasping on the bank ; put it back into the stream ; {hero}'s ring fell into deep water ; dived down and brought up the ring
  squirrel ; had no nuts left for the winter ; shared a bag of hazelnuts ; {hero}'s kite was stuck at the top of a pine ; ran up the trunk and threw the kite down
  ant ; was struggling in a puddle ; held out a straw so that it could climb up ; {hero} spilled a whole sack of seeds in the grass ; came with its people and picked up every single seed
  `,
  `
  [opening]

  [morning]

  (On {his} way home|On {his} way to the market|While {he} was {hobby}), {he} came upon a {creature}. It {plight}.
  {Hero} was just {hobby} when {he} heard a tiny voice. It was a {creature}. The poor thing {plight}.
  Not far from home {he} met a {creature}. It {plight}.

  "Leave it," said {friend}. "It is only a {creature}, and we are late." But {hero} couldn't walk on.
  "Help!" it said, or at least it looked as if it wanted to say so.
  Many had passed by without looking. {Hero} looked.
  "Who cares about a {creature}?" said {friend}. "I do," said {hero}.

  {He} (bent down|knelt in the mud|put down {his} basket) and {rescue}.
  {He} was in a hurry, but {he} {rescue}.
  Without a word {he} {rescue}.
  ---
  The {creature} looked at {him} for a long time. "I won't forget this," it seemed to say. Then it was gone.
  "Thank you," said the {creature}. "One day I will help you too." {Hero} had to smile. How could a {creature} help a {kind}?
  "If you ever need me, call," said the {creature}. {Friend} laughed. "What could such a little thing do for you?"

  [aside]
  -

  (Three days|A week|A month|Some time) passed, and {hero} had almost forgotten about it.
  Days went by, and then weeks.
  {Hero} thought no more about it, until one (dark|gray|stormy|bitter cold) (morning|evening|night).
  ---
  Then, one (evening|Thursday|cold day), {need}. "What shall I do?" {he} [sighed].
  One day something unlucky happened: {need}. {Hero} sat down and nearly cried.
  And then it happened that {need}. Nobody was near, and it was getting late.

  At that moment {he} heard a small, familiar sound. It was the {creature}! It {repay}.
  "Did you call?" asked a voice. There was the {creature}, and it {repay}.
  But look, who was coming there? It was the {creature} that {hero} had helped. It {repay}.

  {Hero} could hardly believe {his} eyes. "Thank you, my friend!" {he} [cried].
  "Now we are even," said the {creature}. "No," said {hero}, "now we are friends."
  "You are never too small to help," said the {creature}, and it (winked|bowed|made a little bow).
  ---
  When {friend} heard about it, {fhe} was quiet for a while. Since that day {fhe} greets every {creature} politely.
  Kindness is like a ball: it comes back, often from where you don't expect it. [closing]
  "I will never laugh at a {creature} again," said {friend}. [closing]
  Since then there is always a little dish of {food} on {hero}'s doorstep, just in case.
  [closing]
  `,
)
