import { plot } from '../plot.ts'

/** The hero fears something, meets it in small steps, and finds that it is not so bad. */
export const fear = plot(
  'a fear is overcome',
  `
  fear ; task ; sign ; truth ; trick ; season
  the dark ; fetch a jar of plums from the cellar ; something tall was standing in the corner ; it was only a coat on a hook ; humming a song about brave potatoes ; {season}
  deep water ; swim across the pond ; something cold touched {his} foot ; it was only a lily pad ; counting every stroke out loud ; {season}
  thunder ; close the windows before the storm ; the sky growled like a hungry beast ; it was only two clouds bumping their heads ; clapping back at every rumble ; {season}
  high places ; climb up to the tree house ; the ladder wobbled ; it was only {friend} waving at the bottom ; looking up and never down ; {season}
  the big dog at number nine ; bring a letter to number nine ; a deep bark came from behind the gate ; the dog only wanted somebody to throw its ball ; walking slowly and speaking kindly ; {season}
  speaking in front of people ; read a poem at the {season} fair ; a hundred eyes were looking at {him} ; everyone was smiling ; speaking only to the friendly face in the first row ; {season}
  spiders ; clean out the garden shed ; eight thin legs were moving on the wall ; the spider was knitting a web for its babies ; giving the spider a name, which was Gerald ; {season}
  the long bridge ; cross the bridge to the market ; the boards creaked and the river roared ; the bridge had stood there for two hundred years ; taking one board at a time ; {season}
  ghosts ; sleep in the attic for one night ; something white floated past the window ; it was only a bedsheet on the washing line ; wishing every shadow a good evening ; {season}
  the old empty house ; fetch {friend}'s ball from its garden ; a shutter banged twice ; a family of pigeons lived there and nobody else ; breathing in for three steps and out for four ; {season}
  sledding ; ride down the hill on the big sled ; the wind whistled in {his} ears ; the snow at the bottom was as soft as a pillow ; shouting the names of vegetables ; winter
  geese ; carry the milk past the pond ; seven geese hissed and stretched their necks ; they only wanted to see what was in the can ; walking tall like a king ; {season}
  cows ; cross the meadow with the lunch basket ; a cow with huge horns came closer ; the cow only wanted to be scratched behind the ears ; saying the names of all the days of the week ; summer
  the doctor ; ask the doctor for a bottle of medicine ; the doctor came in with a mirror on her forehead ; she only used it to pull funny faces ; squeezing a smooth stone very tightly ; {season}
  `,
  `
  [opening]

  {He} wasn't afraid of (wasps|mud|porridge), and {he} wasn't afraid of (ghost stories|big boys|cold baths). But {he} was afraid of one thing: {fear}.
  But {he} had a secret. {Hero} was afraid of {fear}.
  There was only one thing that {he} didn't like at all, and that was {fear}.
  {Hero} could do many things, but just the thought of {fear} made {his} knees shake like jelly.

  [morning]

  That {time}, {elder} asked {him} to {task}.
  And on this of all days {he} had to {task}.
  "Somebody has to {task}," said {elder}, {elderwho}. Everyone looked at {hero}.
  "Could you {task}?" asked {elder}. {Hero} swallowed hard.
  ---
  "I can't," [whispered] {hero}. "I am afraid of {fear}." {Friend} didn't laugh. "I am afraid of (geese|loud trumpets|the color purple|moths)," {fhe} said. "Everyone is afraid of something."
  {Hero} hid {spot}. That was where {friend} found {him}. "Being brave doesn't mean that you have no fear," said {friend}. "It means that you go anyway, with wobbly knees."
  "My legs won't move," [sighed] {hero}. "Then we will move them one by one," said {friend}. "First the left one."
  "What if something terrible happens?" asked {hero}. "And what if something nice happens?" asked {friend}. {Hero} had never thought of that.

  "When I am frightened," {fhe} went on, "I have a trick: {trick}."
  "Try this," said {friend}. "It is an old trick of mine: {trick}."
  Then {fhe} told {him} a secret trick. It was {trick}.

  So {hero} took a deep breath and began. {His} heart was beating like a drum.
  {Hero} nodded. {He} took one small step, then another one.
  {Hero} set off. {He} was still afraid, but {he} was also a little bit curious.
  ---
  Halfway there {he} stopped, because {sign}.
  Then {sign}. {Hero} nearly ran away.
  Everything went well until {sign}.
  And then - oh dear - {sign}!

  [aside]
  -

  {He} remembered the trick: {trick}. It (helped|worked|felt silly, but it helped). {He} opened {his} eyes, and then {he} saw the truth: {truth}.
  "Wait," {he} [thought]. "Let me look again." {He} tried the trick, {trick}, and {he} looked. And indeed, {truth}!
  {He} began {trick}. {His} fear grew smaller and smaller, until it was no bigger than a (pea|bean|crumb). Now {he} could see that {truth}.

  "Is that all?" {hero} (laughed|asked|said aloud). {He} had managed to {task}!
  {Hero} laughed out loud, and {he} did it. {He} really managed to {task}.
  ---
  "You did it!" [cried] {friend}. "Were you afraid?" "Yes," said {hero}, "but only (until the middle|at the beginning|for nine minutes)." [closing]
  {Hero} is still a little afraid of {fear}. But now {he} knows that fear looks bigger from far away.
  When {he} came back, {he} was at least (an inch|two inches) taller, or so it felt. [closing]
  [cheer] "Can I do it again?" asked {hero}.
  The next day {hero} did it again, and this time {he} hardly needed the trick. [closing]
  `,
)
