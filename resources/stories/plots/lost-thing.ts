import { plot } from '../plot.ts'

/** Something dear is lost, searched for in the wrong places, and found by thinking. */
export const lostThing = plot(
  'a lost thing is found',
  `
  lost ; dear ; clue ; found ; reason
  brass key ; it opened the music box on the windowsill ; a single black feather ; in a magpie's nest ; The magpie loved anything that glittered
  (red|blue|striped) mitten ; it was knitted by {elder} ; a thread of wool on a thorn ; in a bush full of thorns ; The bush had simply pulled it off
  (silver|copper) whistle ; it could call the dog from three fields away ; a trail of muddy paw prints ; in the dog's bed ; The dog was tired of being called
  map of the river ; it showed the best place for swimming ; a scrap of paper with teeth marks ; in a mouse hole ; A mouse family had used it as a tablecloth
  glass marble ; there was a tiny green swirl inside it ; a long groove in the sand ; at the bottom of the slope ; Round things roll, after all
  harmonica ; it knew all of {his} secrets ; a faint hum in the breeze ; in the branches of the weeping willow ; Somebody had hung it there so that the wind could practice
  recipe for dumplings ; it was the only copy in the world ; a trail of flour ; inside the piano ; {Elder} had mistaken it for sheet music
  umbrella with a parrot handle ; it had survived eleven storms ; a puddle where no puddle should be ; in the bathtub ; It was still dripping from the last adventure
  (tin|wooden) soldier ; he was the captain of the whole army ; a tiny footprint in the porridge ; on top of the bookshelf ; He seemed to be keeping watch
  (straw|woolen|yellow) hat ; it kept the sun off {his} nose ; a few pieces of straw on the grass ; on the head of the scarecrow ; The wind had been playing a joke
  left boot ; it is hard to walk with only a right one ; a tuft of gray fur ; under a sleeping cat ; The cat thought that it was a very good bed
  (wooden|painted) spoon ; no other spoon made soup taste so good ; a splash of tomato soup on the floor ; inside the big soup pot ; It had been stirring all by itself
  storybook ; {he} was only two pages from the end ; a bookmark on the path ; on {friend}'s own shelf ; {Friend} had borrowed it and forgotten to say so
  pocket watch ; it had belonged to {his} grandfather ; a trail of cookie crumbs ; in the cookie jar ; {Hero} had been reaching for a cookie
  (blue|green|golden) ribbon ; {he} wore it on special days ; a row of tiny threads ; in the nest of a wren ; The wren had three eggs to keep warm
  toy boat ; it had a real sail and a real anchor ; a wet rope on the bank ; among the reeds downstream ; The current had taken it on a trip
  paintbrush ; it was the only one with a fine point ; a row of blue dots ; behind {hero}'s own ear ; That is where painters always put them
  star-shaped button ; it belonged on {his} best coat ; a small hole in the coat pocket ; in the lining of the coat ; It had never really gone away
  (old|brown) teddy bear ; {he} couldn't sleep without it ; a wet spot on the grass ; on the washing line ; {Elder} had washed it that very morning
  `,
  `
  [opening]

  [habit]
  -

  {His} dearest (treasure|possession) was a {lost}, because {dear}.
  {He} owned a {lost}, and {he} was very fond of it: {dear}.
  More than anything, {he} loved {his} {lost}. After all, {dear}.

  [morning]
  ---
  But when {hero} (reached for|wanted|looked for) the {lost}, it was gone.
  That {time} the {lost} was nowhere to be seen.
  "Where is my {lost}?" cried {hero}. (It wasn't in its place.|It had been here yesterday!|It was gone.)
  When {hero} woke up from {his} nap, the {lost} had disappeared.
  {Hero} put {his} {hands} in {his} pocket, and then {he} turned pale. The {lost} was gone!

  {He} [looked] {spot}, but (there was nothing there|{he} found only a {looks} {thing}|there was only a sleepy [critter]).
  {He} [looked] {spot}, and {he} [looked] {spot2}. (Nothing!|No luck.|There was nothing but dust.)
  First {he} searched {spot}. Then {he} searched {spot2}. All {he} found was a {looks} {thing}.
  {He} turned the whole house upside down and found {number} socks, a {looks} {thing} and no {lost}.

  [aside]
  -

  {Friend} (came by|heard the noise|was just passing). "What are you looking for?" {fhe} asked. "My {lost}," [sighed] {hero}. "I have looked everywhere."
  "Don't cry," said {friend}. "Let us think. When did you see it last?" {Hero} thought hard. "Yesterday, I believe."
  {Hero} ran to {friend}. "Will you help me find my {lost}?" {he} asked. "Of course," said {friend}. "Four eyes see more than two."
  "Running around won't help," said {friend}. "Let us look for a clue." "What is a clue?" asked {hero}. "A small thing that tells a big story," said {friend}.
  ---
  So they looked again, slowly this time, and soon {friend} (noticed|discovered|pointed at) {clue}.
  They searched (step by step|inch by inch|as quietly as detectives). "Look!" [whispered] {hero}. There was {clue}.
  It was {hero} who found it: {clue}. "That is our clue!" [cried] {friend}.
  "Stop!" said {friend}. "Do you notice something?" {Hero} did: {clue}.

  They followed the clue, and there, {found}, was the {lost}! {Reason}.
  And what do you think they found {found}? The {lost}! {Reason}.
  One minute later they knew the answer. The {lost} was {found}. {Reason}.
  "I think I know where it is," said {hero} slowly. {He} was right. The {lost} was {found}! {Reason}.

  [cheer]
  "Thank you," said {hero}. "I would have searched until (winter|Christmas|next year) without you."
  {Hero} laughed until {his} sides hurt.
  ---
  From then on, {hero} always put the {lost} back in its place. Well, nearly always.
  "Next time," said {friend}, "we will think first and run later." [closing]
  {Hero} had learned that a quiet look finds more than a loud search. [closing]
  Since that day, whenever something is lost {intown}, people ask {hero} and {friend}.
  [closing]
  `,
)
