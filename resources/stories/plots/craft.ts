import { plot } from '../plot.ts'

/** The hero learns a craft from an old hand: clumsy first tries, practice, something well made. */
export const craft = plot(
  'learning a craft',
  `
  craft ; first ; fault ; advice ; made ; use
  knitting ; a scarf ; was so full of holes that a fish could have swum through it ; Don't pull the wool. Let it walk ; a (long|warm|striped) scarf without a single hole ; gave it to {friend}, whose neck was always cold
  baking bread ; a loaf of bread ; was so hard that it broke the table ; Dough needs time to dream ; a round loaf with a crackling crust ; cut it into (eight|ten|twelve) slices for the neighbors
  carving wood ; a wooden horse ; looked exactly like a potato ; Don't fight the wood. Ask it what it wants to be ; a horse with a proud neck and a wavy tail ; put it on the windowsill, where it watched the street
  glassblowing ; a drinking glass ; resembled an elephant's elbow ; Turn it, turn it, and never stop breathing ; a slender vase the color of the evening sky ; filled it with cornflowers for {friend}
  calligraphy ; the letter A ; looked like a squashed beetle ; The pen should dance, not march ; an alphabet full of loops and flourishes ; wrote invitations for the entire neighborhood
  shoemaking ; a pair of sandals ; consisted of two left ones ; Every foot tells its own tale ; a pair of boots with scarlet laces ; presented them to {friend}, and they fitted perfectly
  magic tricks ; the vanishing coin ; vanished for good and was never seen again ; Make them look where nothing happens ; the vanishing coin, the floating egg and the talking hat ; performed at the orphanage until the lamps burned low
  playing the flute ; a little song ; sounded like a cat in a bucket ; Breathe as if you were cooling soup ; a tune as clear as water ; played it at {elder}'s birthday
  making pots ; a clay bowl ; collapsed like a tired hat ; Wet {hands} and a slow wheel ; a smooth blue bowl ; filled it with cherries and set it on the table
  painting ; a picture of the harbor ; looked like spilled soup ; Look twice, paint once ; a picture so real that a gull tried to land on it ; hung it up in the town hall
  sewing ; a coat ; had three sleeves ; Measure twice and cut once ; a green coat with deep pockets ; gave it to {friend}, who wore it to the dance
  keeping bees ; a hive ; stood upside down ; Move slowly, and hum when you are afraid ; a hive with ten thousand happy bees ; filled fourteen jars with golden honey
  juggling ; the trick with three apples ; ended with three apples on {his} head ; Don't look at your {hands}. Look at the sky between them ; the trick with five apples ; showed it at the market and was paid in pears
  writing poems ; a poem ; rhymed "spoon" with "spoon" with "spoon" ; First listen, then write ; a poem about the smell of rain ; read it aloud, and even the baker wiped his eyes
  weaving baskets ; a basket ; lost its bottom on the way to the market ; Begin in the middle and be patient at the edge ; a basket that could carry water, almost ; carried all the eggs home, and none of them broke
  building boats ; a little boat ; sank before it touched the water ; A boat is only as good as its smallest gap ; a white boat with a red sail ; sailed it around the island with {friend}
  mending clocks ; an old clock ; ran backwards ; Every wheel has its reason ; a clock that struck the hour with a silver sound ; hung it in the school, so that nobody was late any more
  `,
  `
  [opening]

  [habit]
  -

  [morning]

  {Hero} watched {elder} at work and sighed. "I wish I could do that." {Elder} was the best at {craft} in all of {town}.
  That was the day when {hero} decided to learn {craft}. {He} went straight to {elder}, {elderwho}.
  "Will you teach me {craft}?" {hero} asked {elder}. "It is not as easy as it looks," said {elder}, "but sit down."
  Nobody was better at {craft} than {elder}. One day {hero} knocked at {ehis} door. "I want to learn it too," {he} said.
  ---
  {Hero} started at once with {first}. It {fault}.
  {His} first work was {first}. Sadly, it {fault}.
  {He} began with {first}, and {he} was in a great hurry. You can imagine the result: it {fault}.
  All day long {he} worked on {first}. When it was finished, it {fault}.

  {Friend} looked at it from all sides. "It is very... special," {fhe} said kindly.
  {Friend} tried not to laugh, but a small snort came out.
  [aside]
  -

  "I will never learn it!" [cried] {hero}, and {he} threw everything {spot}.
  "I give up," [sighed] {hero}. {His} {hands} hurt and {his} ears were hot.
  {Hero} wanted to run away and never come back, or at least not before supper.
  "Why can't I do it?" asked {hero}. {He} was close to tears.

  {Elder} only smiled. "My first one was even worse," {ehe} said. "Listen: {advice}."
  "You can't do it (yet|today)," said {elder}. "Here is the secret. {advice}."
  {Elder} poured two cups of tea. "{advice}," {ehe} said. "That is all I know, and it took me forty years."
  ---
  So {hero} tried again, on Monday, on Tuesday and on Wednesday. Each time it got a tiny bit better.
  {Hero} began again. {He} made a (hundred|thousand) mistakes, but never the same one twice.
  Again and again {he} practiced, (in the kitchen|on the steps|in the barn|by candlelight), while {weather}. Again and again it went wrong, only less and less.
  The second one was bad. The third one was not so bad. {Hero} didn't count the others.

  And one (evening|morning|Friday), there it was: {made}.
  Then, after (five weeks|a whole {season}|twenty tries|many days), {he} finished {made}.
  When the {season} was over, {hero} could be proud of {made}.

  {He} {use}.
  "This is for sharing," said {hero}, and {he} {use}.
  {Hero} looked at it for a long time. Then {he} {use}.
  ---
  "Who taught you that?" asked {friend}. "{Elder}," said {hero}, "and all my mistakes." [closing]
  {His} very first try still lies in a drawer. {Hero} looks at it now and then, and {he} laughs every time.
  "Now you can teach somebody else," said {elder}. And that is what {hero} did. [closing]
  Slow is not the same as never. {Hero} knows that now. [closing]
  [closing]
  `,
)
