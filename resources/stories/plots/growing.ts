import { plot } from '../plot.ts'

/** Something has to grow or hatch, patience is hard, waiting is rewarded in an unexpected way. */
export const growing = plot(
  'patience is rewarded',
  `
  seed ; care ; hurry ; harm ; sign ; result
  a sunflower seed ; watered it every morning ; pulled at the stem to make it longer ; It bent over and looked offended ; a green leaf unfolded like a tiny flag ; a sunflower so tall that the swallows used it as a signpost
  an egg with blue spots ; kept it warm in a hat ; knocked on it and called, "Are you ready?" ; The egg rolled under the stove ; there was a crack, no wider than a hair ; a chick who believed that {hero} was its mother
  a pumpkin seed ; gave it the sunniest place ; dug it up to see if it was working ; It had to be planted all over again ; a yellow flower opened with a sigh ; a pumpkin so large that (three|four|five) mice moved in
  a wobbly tooth ; wiggled it gently with {his} tongue ; tied it to the doorknob ; {He} lost courage and had to carry the doorknob around ; the tooth clicked like a tiny latch ; a splendid gap through which {he} could whistle
  a lump of sourdough ; fed it flour and lukewarm water ; stirred in a whole packet of sugar ; The sourdough burped and collapsed ; it climbed over the rim of the bowl ; the crispiest loaf in the history of breakfast
  a silkworm ; gave it tender mulberry leaves ; tried to unwind the thread before it was spun ; The silkworm turned its back in protest ; a gleaming cocoon hung between two twigs ; enough silk for a ribbon as light as breath
  a bowl of dough ; covered it with a cloth ; lifted the cloth every two minutes ; The dough sank with a sad little puff ; a bubble rose and went pop ; the fluffiest bread that {town} had ever tasted
  a caterpillar ; brought it fresh leaves ; told it to hurry up with its wings ; The caterpillar only ate more slowly ; the brown case began to tremble ; a butterfly with wings like church windows
  an acorn ; planted it {spot} ; sat in front of it all day and stared ; Nothing grew except {his} hunger ; two round leaves came out of the ground ; a little oak, and one day {hero}'s grandchildren would climb in it
  a pot of strawberries ; turned it towards the sun ; tried to paint the green berries red ; They tasted of paint, and the birds complained ; one berry turned pink on one side ; a bowl of strawberries as sweet as summer itself
  a cheese ; turned it over once a day ; cut a piece off after only an hour ; It tasted of nothing at all ; it began to smell, first a little and then a lot ; a cheese so strong that it won first prize and cleared the room
  a tiny snowdrop bulb ; put it in a pot of dark earth ; breathed on it to make it warm ; It only got hiccups from the dew ; a white tip looked out of the snow ; the first flower of the year, ringing without a sound
  a bean ; laid it on wet wool ; shouted "Grow!" at it ; The bean seemed to hide ; a small white root was feeling its way out ; a bean plant that climbed up to the attic window
  `,
  `
  [opening]

  [habit]
  -

  [morning]

  {Elder}, {elderwho}, gave {hero} {seed}. "Take good care of it," {ehe} said, "and wait."
  At the market {hero} bought {seed} for (two|three|five) coins. "How long does it take?" {he} asked. "As long as it takes," said {elder}.
  For {his} birthday {hero} got {seed}. It didn't look like much. "Wait and see," said {elder}.

  {Hero} {care}.
  {He} was very proud and {care}.
  {He} gave it a name, which was (Agnes|Walter|Mister Green|Lady Patience), and {he} {care}.
  ---
  One day went by. Two days went by. Nothing happened.
  On the first day nothing happened. On the second day nothing happened, but a little more slowly.
  {Hero} waited. {He} waited standing, {he} waited sitting, and {he} waited lying on {his} stomach.
  "Is it ready now?" asked {hero}. "And now? And now?"

  Waiting is hard when you are {trait}. So {hero} {hurry}. {Harm}.
  In the end {he} couldn't stand it any longer. {He} {hurry}. {Harm}.
  "I will help it a little," said {hero}. {He} {hurry}. That was a mistake. {Harm}.

  [aside]
  -

  "You can't hurry it," said {friend}. "Come and play. It will grow while you aren't looking."
  {Friend} shook {fhis} head. "You don't make the sun rise by pulling on it," {fhe} said.
  "Leave it in peace," laughed {friend}. "Would you like it if somebody pulled at your ears all day?"
  ---
  So {hero} learned to wait. {He} mended a {looks} {thing}, {he} read (four|six|nine) books, and {he} even tidied {his} room.
  So they played (marbles|tag|chess|hide-and-seek), they swam, they told each other stories, and the days flew by.
  {Hero} looked only once a day now. In between, {he} was {hobby}.

  And then, one (quiet|rainy|golden|windy) morning, {sign}.
  Nobody was watching when it happened: {sign}.
  {Hero} had nearly forgotten about it when {sign}. {He} held {his} breath.

  After that it went quickly. Soon there was {result}.
  A few (days|weeks) later {hero} had {result}.
  "{Friend}, come quick!" [cried] {hero}. There it was: {result}.
  ---
  "You see," said {elder}, "the best things come on foot." [closing]
  "I hardly did anything," said {hero}. "That," said {elder}, "was the hardest part."
  [cheer] [closing]
  {Hero} has {number} new pots on the windowsill now, and {he} isn't even peeking. Well, not often.
  [closing]
  `,
)
