import { plot } from '../plot.ts'

/** The hero promises to do something, is tempted away, and finds a way to keep the promise. */
export const promise = plot(
  'a promise is kept',
  `
  duty ; until ; temptation ; excuse ; trouble ; repair ; thanks
  water {elder}'s tomatoes ; every evening for a week ; a traveling circus with a dancing camel ; Tomatoes can wait, camels can't ; the leaves were hanging down like wet socks ; carried (twelve|fifteen|twenty) buckets from the well by moonlight ; a basket of the reddest tomatoes
  watch {friend}'s pet snail ; over the weekend ; a football game in the meadow ; A snail can't run far ; the snail was gone ; crawled through the lettuce on hands and knees until it turned up ; a snail-shaped cookie
  feed the hens ; while {elder} was away ; a new tree house {spot} ; Hens are never really hungry ; the hens were sitting on the roof, looking angry ; climbed up and said sorry to each hen in turn ; (nine|eleven|thirteen) brown eggs
  polish the trumpet for {elder} ; before the anniversary concert ; a juggler with flaming torches ; A trumpet shines quite well in the dark ; the trumpet was as green as a frog ; rubbed it with vinegar and flannel until {he} could see {his} own worried face in it ; a solo in the second movement
  return the borrowed ladder ; by nightfall ; an acrobat rehearsing on a tightrope ; Ladders are patient creatures ; {elder} was sitting on the roof, unable to come down ; dragged the ladder across three muddy fields and held it steady ; a ripe melon from the very roof garden
  collect {elder}'s medicine ; from the chemist before closing time ; a wagon full of puppies ; Chemists love working late ; the shutters were already coming down ; begged, explained and promised to sweep the floor for a week ; a lollipop and a grateful squeeze
  light the harbor lamp ; at sunset ; a puppet show on the square ; It isn't really dark yet ; a little boat was drifting towards the rocks ; ran up all the stairs and lit the lamp with the very last match ; a ship in a bottle
  deliver an invitation ; before noon ; a stream full of frogs ; Noon is a long way off ; the clock was already striking twelve ; ran so fast that {he} lost a shoe and arrived at one minute past ; the biggest piece of cake
  keep the soup from burning ; until {elder} was back ; a marching band in the street ; Soup can look after itself ; black smoke was coming from the kitchen ; cooked a new soup from one onion, two carrots and a lot of hope ; a cookbook with a red cover
  bring back {friend}'s favorite book ; by Friday ; a long and lovely nap in the hammock ; Friday comes every week ; it was raining on the book in the grass ; dried every page with a warm iron, all 212 of them ; a bookmark with a tassel
  guard the cherry tree ; from morning to night ; the river, cool and green ; A tree can't be stolen ; forty starlings were having a feast ; danced under the tree like a scarecrow until the sun went down ; a bucket of cherries
  practice the duet with {friend} ; for the Sunday concert ; a treasure hunt with a real map ; I know it by heart, almost ; {friend} was standing on the stage alone ; ran up on the stage with muddy boots and played {his} part ; a bouquet of wild flowers
  rock the baby to sleep ; while {elder} did the washing ; a parade of tin soldiers ; Babies fall asleep by themselves ; the baby was screaming like a teakettle ; sang all (seven|nine|twelve) lullabies that {he} knew, and then sang them backwards ; a nap, which was the nicest present of all
  `,
  `
  [opening]

  [habit]
  -

  [morning]

  "Can I rely on you?" asked {elder}. {Hero} was to {duty}, {until}. "I promise," {he} said.
  {Hero} had promised to {duty}, {until}. "You can count on me!" {he} had said.
  There was something {he} had to do: {duty}, {until}. {He} had given {his} word.
  ---
  But then there was {temptation}.
  {He} was already on {his} way when {friend} came running. "Come and see!" {fhe} [cried]. "There is {temptation}!"
  It would have been easy, if it hadn't been for {temptation}.
  On {his} way {he} came across something much more interesting: {temptation}.

  "{excuse}," {he} thought. And so {he} forgot everything else.
  {Hero} hesitated for a whole second. "{excuse}," {he} said to {himself}.
  "And your promise?" asked a small voice in {his} head. "{excuse}," answered {hero}.

  It was a wonderful {time}. {He} laughed, {he} cheered, and {he} ate far too much (popcorn|candy|cake|licorice).
  The hours flew by like (swallows|minutes|leaves in the wind).
  [aside]
  {He} only wanted to stay for five minutes. You know how long five minutes can be.
  ---
  Then {he} remembered. {He} ran back as fast as {he} could, but {trouble}.
  When {he} came back, {he} got a fright: {trouble}!
  Suddenly {his} smile was gone. "My promise!" {he} [cried]. And indeed, {trouble}.

  {Hero} felt a lump in {his} throat. A promise is a promise. {He} {repair}.
  "I can't turn back the clock," {he} thought, "but I can turn around." {He} {repair}.
  {He} didn't make any excuses, and {he} didn't go to bed. {He} {repair}.
  {Friend} wanted to go home. "Not yet," said {hero}. With {friend} watching, {he} {repair}.

  Later {he} told {elder} everything, even the embarrassing parts.
  "I was late," {he} said to {elder}, "and I am sorry." {Elder} nodded slowly.
  "Did everything go well?" asked {elder}. {Hero} could have said yes. Instead {he} told the whole story.
  ---
  "You forgot your promise," said {elder}, "but then you kept it." And {hero} was given {thanks}.
  "A kept promise with a crack in it is better than none," said {elder}. As a thank-you there was {thanks}. [closing]
  A few days later there was a present on {his} doorstep: {thanks}. {Hero} wasn't sure that {he} had earned it. [closing]
  Since that day {hero} ties a knot in {his} handkerchief for every promise. At the moment there are {number} knots in it. [closing]
  `,
)
