import { plot } from '../plot.ts'

/** Something breaks, hiding it feels bad, telling the truth leads to mending it together. */
export const brokenThing = plot(
  'a broken thing is mended',
  `
  broken ; damage ; tool ; mending ; after
  (blue|painted) teapot ; its spout snapped off ; a pot of strong glue ; glued the spout back on, drop by drop ; it poured a little to the left, which everyone found funny
  kite ; its tail tore in two ; a needle and red thread ; sewed the tail with tiny stitches ; it flew higher than before
  cuckoo clock ; the little bird fell out ; a thin screwdriver ; put the bird back on its spring ; the bird now said "oo-cuck" instead of "cuckoo"
  garden gate ; one hinge came off with a crack ; a hammer and four nails ; hammered the hinge back into place ; it no longer squeaked
  accordion ; a tear opened in its bellows with a wheeze ; a patch of leather and a curved needle ; stitched the leather over the tear ; it breathed again, though it snored on the low notes
  model of a castle ; the drawbridge splintered ; a pot of glue and seven matchsticks ; rebuilt the drawbridge, plank by plank ; the tiny knights could ride out again
  bicycle ; the chain jumped off and snapped ; oil, pliers and a spare link ; fitted the new link and oiled the whole chain ; it whirred like a contented cat
  vase ; it cracked right across the middle ; a drop of resin and a strip of silver foil ; pressed the halves together and counted to a hundred ; it sparkled along the crack like a river in the sun
  wooden wagon ; a wheel rolled away down the hill ; a new peg made of oak ; pushed the wheel onto the axle and fixed it with the peg ; it rolled so well that they raced it all day
  (yellow|flowered) umbrella ; three ribs bent the wrong way ; a roll of wire ; straightened every rib and tied it with wire ; it opened with a cheerful pop
  fishing net ; a hole as big as a pumpkin appeared in it ; a ball of string ; tied knot after knot until the hole was closed ; it caught nine fish the next morning
  fiddle ; a string burst with a twang ; a new string from the music shop ; wound the string around its peg and turned it very slowly ; it sang as sweetly as a blackbird
  dollhouse ; the roof caved in ; thin boards and a small saw ; cut a new roof and painted it green ; the dolls had the finest roof {intown}
  glass lantern ; a pane cracked from top to bottom ; a piece of colored glass ; fitted the colored glass into the frame ; it threw red stars on the wall
  rocking chair ; one leg broke off with a bang ; a board and some screws ; screwed the board under the leg ; it rocked even better than before
  straw basket ; the handle came loose ; a bundle of willow twigs ; wove a new handle from the twigs ; it could carry forty apples
  toy train ; its chimney broke off ; an empty thread spool ; stuck the spool on top of the engine ; it looked like a very grand train indeed
  `,
  `
  [opening]

  [habit]
  -

  [morning]

  {Hero} was playing pirates with {friend}'s {broken}, although {he} wasn't supposed to touch it.
  {Hero} wanted to have a closer look at the {broken} that belonged to {friend}.
  {Friend} had lent {hero} a {broken}. "Be careful with it, please," {friend} had said.
  {Hero} ran through the room much too fast, and {he} bumped into {friend}'s {broken}.

  Suddenly there was a (horrible|loud|nasty) noise, and {damage}.
  Crack! Before {he} could blink, {damage}.
  And then it happened: {damage}.
  "Oh no!" {he} [whispered], for at that very moment {damage}.
  ---
  {Hero} wanted to hide it {spot}. {He} could say that the [critter] had done it! But {his} stomach felt as heavy as a stone.
  What now? {He} could run away. {He} could hide {spot} for a hundred years. {Hero} did neither.
  For a while {he} just sat {spot} and looked at {his} {hands}. "Nobody saw it," {he} thought. But {he} had seen it {himself}.
  First {he} covered it with a blanket. Then {he} looked at the blanket, and the blanket seemed to look back.

  [aside]
  -

  In the end {hero} went to {friend} and told the truth. "I broke your {broken}," {he} [whispered]. "I am so sorry."
  So {he} took a deep breath and knocked on the door. "It was me," {he} said. "I broke the {broken}, and I want to mend it."
  "I have to tell you something," {hero} said to {friend} at last. "Your {broken} is broken, and it is my fault."

  {Friend} (was quiet for a moment|looked at the pieces|frowned, and then smiled). "Thank you for telling me," {friend} said. "Broken things can be mended. Come, let us try."
  {Friend} didn't shout at all. "It takes courage to say that," said {friend}. "Now, do you know what we need?"
  "Hm," said {friend}. "I was sad about it for three seconds. Now I am glad that you told me. Shall we mend it together?"
  ---
  They (found|fetched|borrowed) {tool}, rolled up their sleeves and went to work.
  "First we need {tool}," said {friend}. {Hero} ran and got it.
  On the table lay {tool}. {Hero}'s {hands} were shaking, but {friend} showed {him} how to hold everything still.

  {Hero} {mending}. It took (an hour|two hours|all afternoon|until supper), and {his} tongue stuck out the whole time.
  Slowly and carefully, {hero} {mending}. The first try went wrong, and so did the second. The third try was perfect.
  {Hero} {mending}, while {friend} hummed a tune. "Not too fast," said {friend}, "and not too slow."

  When it was done, {after}.
  And would you believe it? After that, {after}.
  The {broken} wasn't quite the same, but {after}.
  ---
  "Now it has a story," said {friend}, "and so do you." [closing]
  {Hero} learned two things that day: how to mend a {broken}, and that the truth is lighter than a secret.
  "A mended thing is loved twice," {friend} said. [closing]
  Since then, whenever {hero} breaks something, {he} tells it right away. It happens about once a week.
  [closing]
  `,
)
