import { plot } from '../plot.ts'

/** A surprise is prepared in secret, nearly spoiled, and turns out differently and better. */
export const surprise = plot(
  'a surprise',
  `
  occasion ; gift ; secret ; mishap ; rescue ; reaction
  the birthday of {friendintro} ; a cake with (six|seven|eight|nine) candles ; hid it {spot} ; a [critter] ate the middle of it ; turned the hole into a pond with a paper duck ; A cake with a pond! I have always wanted one
  {elder}'s birthday ; a chair painted in seven colors ; dried it {spot} ; {hero} sat down on it too early ; painted a big flower over the spot ; Now I can never be sad while sitting
  the jubilee of the fire brigade ; a fountain of lemonade ; tested the pump {spot} ; the pump squirted in the wrong direction ; handed out straws and declared it a game ; I have never been so sticky and so cheerful
  the reopening of the library ; a puppet theater with velvet curtains ; rehearsed {spot} in whispers ; the puppets' strings got hopelessly knotted ; let the knotted puppets play a comedy about octopuses ; Encore! Encore! More octopuses
  the last day of school ; a song for {elder} ; practiced it {spot} ; all the singers had a cold ; hummed it instead, with spoons for drums ; It sounded like a hundred bees in love
  the day when {friendintro} would be well again ; a paper chain as long as the street ; folded it by candlelight ; the rain made it soggy ; hung up socks instead, every pair {intown} ; So many colors! I feel better already
  the wedding of {elder}'s sister ; a basket of white doves ; kept them {spot} ; the doves flew off in the night ; folded twenty doves out of napkins ; These doves won't make a mess, and they will stay with us
  the day when {friendintro} moved into a new house ; a little apple tree ; wrapped it in a blanket and called it "Uncle Bob" ; the tree lost all its leaves ; hung biscuits on the bare branches ; A biscuit tree! And I thought that they didn't exist
  the mayor's visit ; a statue made of butter ; kept it cold {spot} ; the sun came out and it melted ; served it on hot pancakes ; I have never eaten a finer statue
  the longest night of the year ; a lantern for every window ; cut out moons and stars in secret ; there were no candles left in the shop ; filled them with glowworms, who were happy to help ; I thought that the stars had come down to visit us
  the goodbye party for {friendintro} ; a book with a page from everyone ; hid it inside a bigger book ; somebody spilled blueberry juice on it ; turned every stain into a funny animal ; I will laugh on every page, and cry on the last
  {elder}'s hundredth cake ; a crown of flowers ; picked it before sunrise ; a goat found it and was very happy ; made a new one from carrots and parsley ; It suits me, and I can eat it later
  `,
  `
  [opening]

  [habit]
  -

  [morning]

  {Hero} was (so excited that {he} couldn't sit still|as busy as a bee|walking on tiptoe), because {occasion} was only (two|three|four) days away.
  "Psst," said {hero}. "Can you keep a secret? It is about {occasion}."
  {Hero} wanted to prepare something special for {occasion}.
  On the calendar there was a big red circle. It stood for {occasion}.

  It was going to be {gift}. {Hero} {secret}.
  {He} had thought of {gift}. So that nobody would notice, {he} {secret}.
  The surprise was {gift}. {Hero} {secret}, and {he} didn't tell a soul, except for a [critter].
  ---
  It wasn't easy to keep quiet. Whenever somebody asked, {hero} said, "I don't know anything," and {he} said it much too loudly.
  "What are you hiding?" everyone asked. "Nothing!" said {hero}, {his} cheeks as red as (apples|radishes|roses).
  A secret tickles, and this one tickled all day long. {Hero} had to hold {his} mouth shut with both {hands}.
  {Hero} hummed, looked at the ceiling and walked sideways. It couldn't have been more obvious.

  But on the very last day something went wrong: {mishap}.
  And then, one hour before it was time, {mishap}!
  When {hero} went to have a look, {he} got a terrible fright. It was awful: {mishap}.

  [aside]
  -

  "Everything is ruined!" [sighed] {hero}.
  {Hero} sat down on the floor. "Now there is no surprise," {he} [whispered].
  "Oh, turnips!" said {hero}. It was the worst word {he} knew.
  What now? There was no time left to start again.
  ---
  But {hero} had an idea. {He} {rescue}.
  "Not ruined," {he} thought, "just different." {He} rolled up {his} sleeves and {rescue}.
  {He} looked at the mess. {He} tilted {his} head. Then {he} {rescue}.
  {Hero} worked faster than ever before. {He} {rescue}.

  Then the moment came. "Surprise!" they all shouted.
  The door opened. "Three, two, one... surprise!"
  At last it was time. {Hero} closed {his} eyes and waited.

  For a moment nobody spoke. Then came the answer: "{reaction}!"
  There was a long silence, and then a laugh. "{reaction}!"
  "Oh!" said a happy voice. "{reaction}!"
  ---
  {Hero} let out a big breath. Sometimes a thing has to go wrong before it can go right. [closing]
  "Did you plan it like that?" asked {elder}. "Of course," said {hero}, and {he} (winked|crossed {his} toes|looked at the ceiling again). [closing]
  There was music, there was dancing, and there was enough {food} for everyone. [closing]
  And nobody ever found out how it had really been planned. You won't tell, will you?
  [closing]
  `,
)
