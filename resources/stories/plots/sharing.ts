import { plot } from '../plot.ts'

/** There is one thing and more than one who wants it; dividing it makes it bigger. */
export const sharing = plot(
  'sharing',
  `
  treasure ; finding ; want ; alone ; share ; result
  sled ; stood {spot} with a note: "For whoever finds me" ; ride down the big hill ; had to pull it up the hill alone, and that was no fun ; rode down in twos and pulled it up in fours ; it went twice as fast with four on it
  jar of honey ; came as a present from an aunt ; eat honey with a spoon ; got a stomachache after the ninth spoonful ; spread it on bread for everyone in the street ; somebody brought butter, and somebody brought tea
  swing ; hung from the big oak ; swing up to the leaves ; found that a swing doesn't move much when nobody pushes ; took turns and counted to fifty ; with a good push you could see the sea
  trampoline ; had been thrown out by the circus ; bounce up to the weathercock ; bounced until {his} teeth rattled and nobody applauded ; organized a bouncing tournament with teams and a referee ; the referee bounced highest of all
  barrel of lemonade ; rolled off a wagon and stopped at {his} feet ; drink lemonade until Sunday ; got a bellyache after the fifth mug ; ladled it into every cup, mug and bucket {intown} ; somebody contributed ice, and somebody contributed straws
  hammock ; dangled from the oldest branch ; doze among the blossoms ; discovered that there is nobody to wave to ; invented a timetable with colored chalk ; even the grandmothers had their turn, shrieking with delight
  pear tree ; stood in the garden, full of yellow pears ; have all the pears ; couldn't eat more than six, and the rest fell down and went brown ; picked them together and filled (ten|twelve|thirty) baskets ; there was pear cake in every kitchen
  book of riddles ; lay in a box in the attic ; know all the answers ; couldn't solve the very first riddle ; read it aloud to the others ; together they solved all ninety-nine
  warm blanket ; was the last one in the shop ; keep warm in the cold nights ; was warm but lonely ; spread it over everyone and told stories ; it was warmest in the middle, and everybody got a turn there
  box of paints ; came by mail with no name on it ; paint the biggest picture in the world ; got tired after the first corner ; gave every child one color and one wall ; soon {town} was the most colorful place far and wide
  big ball ; floated down the river ; play all day ; threw it against a wall until the wall seemed bored ; made two teams, the Tigers and the Toast ; the Toast won by 12 to 9
  boat ; had been left behind on the bank ; row across the lake ; went round and round in a circle ; sat two on each side and rowed together ; they reached the island before lunch
  campfire ; burned warm and bright {spot2} ; sit in the best place ; had nobody to sing with ; let everyone come closer ; somebody had a guitar, and somebody had {food}
  sack of seeds ; fell off a passing cart ; grow the biggest garden ; dug for an hour and had a hole the size of a hat ; planted them along the whole road ; in summer the road smelled like a perfume shop
  telescope ; had once belonged to a sea captain ; look at the moon ; saw a wonderful crater and had nobody to show it to ; let everyone have a look, one after the other ; they found a new star and named it Noodle
  `,
  `
  [opening]

  [habit]
  -

  [morning]

  That was the day when {hero} came to own a {treasure}. It {finding}.
  {Hero} couldn't believe {his} luck. There was a {treasure}! It {finding}.
  Then {he} saw a {treasure}. It {finding}, and now it was {his} very own. Or was it?
  ---
  "Mine!" said {hero}, and {he} put both {hands} on it. {He} wanted to {want}, all by {himself}.
  {Friend} came running. "May I join in?" {fhe} asked. "I would love to {want} too." "No," said {hero}. "It's mine."
  Soon (three|four|five) others were standing around {him}. Everyone wanted to {want}. "I saw it first!" said {hero}.
  "What a beautiful {treasure}!" said {friend}. "Can we share it?" {Hero} pretended not to hear.

  So {friend} went away. {Hero} was alone with the {treasure}, and {he} {alone}.
  The others left. At first {hero} was glad. But then {he} {alone}.
  "Fine," said {friend}, and {fhe} went home. {Hero} got what {he} wanted, but {he} {alone}.

  [aside]
  -
  ---
  "What is wrong?" asked {elder}, {elderwho}. "I have everything," [sighed] {hero}, "but it isn't any fun." "Maybe you have too much of it," said {elder}, "and too few to share it with."
  {Hero} looked at the {treasure}, and the {treasure} seemed smaller than before. From far off {he} could hear the others laughing.
  That evening {he} saw two ants carrying one crumb. They looked very cheerful. {Hero} thought about that for a long time.
  "You know," {he} told a [critter], "having is nice, but it is rather quiet." The [critter] seemed to agree.

  So {hero} went to find {friend}. "I am sorry," {he} said. "Would you like to share it with me?" {Friend} smiled.
  {Hero} ran out and called {friend} back, and all the others too. "Come!" {he} [cried]. "It belongs to all of us now."
  {He} knocked at {friend}'s door. "I was silly," {he} [whispered]. "Please come, and bring everyone."

  They {share}, and {result}.
  This time they {share}. And what happened? Believe it or not, {result}.
  Together they {share}. It was much better, for {result}.
  ---
  "Half of it is more than the whole," said {hero}. It was bad arithmetic, but it was true.
  [cheer] [closing]
  {Hero} had given away nearly everything, and yet {he} felt richer than before. [closing]
  On the {treasure} there is a little sign now. It says: "OURS." [closing]
  [closing]
  `,
)
