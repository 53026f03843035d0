import { plot } from '../plot.ts'

/** A strange noise or sight is investigated step by step and has a funny, harmless cause. */
export const mystery = plot(
  'a mystery is solved',
  `
  puzzle ; guess ; guess2 ; trail ; cause ; ending
  every night something went scratch, scratch, scratch ; a ghost with long nails ; a very small carpenter ; a line of nutshells ; a dormouse who was moving furniture for her babies ; They gave her a shoebox with a carpet
  every morning one cookie was missing ; a thief in a black mask ; a hungry poet ; crumbs on the stairs ; {elder}, who walked in {ehis} sleep ; From then on there was a plate beside {ehis} bed
  the pond was blowing bubbles ; a sea monster ; an underwater laundry ; a row of wet footprints ; an otter practicing the trombone ; On Saturdays there was now a concert at the pond
  the portrait in the museum was winking ; a vampire ; a nervous painter ; a faint smell of peanuts ; a squirrel who had moved in behind the canvas ; The museum sold more tickets than ever
  messages in chalk appeared on the pavement overnight ; a secret society ; a homesick pirate ; a trail of white dust ; the night watchman, who was learning to spell ; {Hero} taught him the difficult words
  the carousel turned at midnight without any passengers ; a squadron of phantoms ; a sleepwalking mechanic ; dozens of tiny paw prints ; twelve hedgehogs on a family outing ; They received a season ticket
  somebody had painted a mustache on the statue ; a gang of bandits ; the statue itself ; drops of black ink ; a baby octopus from the traveling fair ; The mayor liked the mustache and let it stay
  the church bell rang at four in the morning ; a giant with a hammer ; the bored wind ; a thin rope hanging from the tower ; a goat who was eating the bell rope ; They bought the goat an alarm clock
  all the left socks had disappeared ; a monster with many left feet ; a sock collector ; a blue thread ; a bird who had built the softest nest in the world ; The socks stayed there until the eggs had hatched
  the garden was glowing in the dark ; the fallen moon ; a dragon with a lamp ; a path of tiny lights ; a thousand fireflies at a ball ; {Hero} and {friend} were invited for the last waltz
  there were enormous footprints in the snow ; a yeti ; an elephant on holiday ; a trail that led straight to the inn ; the innkeeper in his new snowshoes ; They all laughed and drank hot chocolate
  the piano played by itself ; an invisible musician ; a homesick ghost ; paw prints on the white keys ; a kitten who was chasing a moth ; {Elder} gave her lessons after that
  the soup was always gone by noon ; a soup pirate ; a hungry sailor ; a wet spot on the floor ; a hole in the pot, as small as a pea ; The ants under the floor had never eaten so well
  a voice in the well said "hello" ; a water spirit ; a lost traveler ; an answer to every word they called ; an echo, the oldest joke in the world ; They visited it every Sunday, so that it wouldn't be lonely
  `,
  `
  [opening]

  [habit]
  -

  [morning]

  Something odd was afoot {intown}: {puzzle}.
  It was a riddle. Nobody could explain why {puzzle}.
  "Have you heard?" asked {friend}. "It is very strange: {puzzle}."
  {Hero} noticed it on a (Monday|Tuesday|Wednesday|Thursday): {puzzle}.
  ---
  "It must be {guess}," said {friend}. "Or {guess2}," said {hero}, who had read many books.
  Everybody had a theory. "It is {guess}," said the baker. "It is {guess2}," said the barber. "It is Tuesday," said {elder}, who was a little deaf.
  "What if it is {guess}?" [whispered] {friend}. "I think it is {guess2}," said {hero}, "but we need proof."

  "We will find out," said {hero}. {He} took a lantern, a notebook and a {looks} {thing}.
  So {hero} and {friend} became detectives. They had a magnifying glass and {food}, for detectives are always hungry.
  That night they didn't go to bed. They hid {spot2} and waited, wrapped in a blanket.
  "A good detective needs three things," said {hero}: "patience, a pencil and {food}."

  [aside]
  -
  ---
  They waited for (one hour|two hours|a long time). {Friend}'s eyes were just closing when they discovered {trail}.
  Then {hero} grabbed {friend}'s arm. There was {trail}!
  At (ten|eleven|half past nine) they found the first clue: {trail}. "Aha!" said {hero}, because detectives say that.
  "Don't move," [whispered] {hero}. In the light of the lantern they saw {trail}.

  They followed it, (as quiet as shadows|on tiptoe|holding their breath), around one corner and then another.
  "After you," said {friend}. "No, after you," said {hero}. In the end they went together.
  Step by step they crept closer. {Hero} lifted the lantern. {His} {hands} were trembling.

  And who was it? It wasn't {guess}, and it wasn't {guess2}. It was {cause}!
  They looked around the corner, and both began to laugh. It was only {cause}.
  "So it was you!" [cried] {hero}. The great mystery was nothing but {cause}.
  ---
  The case was closed. {Ending}. [closing]
  {Ending}. And {hero} wrote in {his} notebook: "Case number (1|4|8|11|16), solved."
  "I was nearly right," said {friend}. "You were not even close," said {hero}, and they laughed all the way home. {Ending}.
  {Ending}. "I am almost sorry that it's over," said {hero}. "Don't worry," said {friend}. "The world is full of riddles."
  `,
)
