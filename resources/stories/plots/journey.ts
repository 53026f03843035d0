import { plot } from '../plot.ts'

/** Two friends travel to a far place for a reason, pass two obstacles and come home changed. */
export const journey = plot(
  'a journey',
  `
  goal ; why ; obstacle ; way ; obstacle2 ; way2 ; arrival
  the top of Giant's Hill ; nobody could say what was on the other side ; a river without a bridge ; laid a fallen log across the water ; thick fog ; held on to one long scarf so that nobody got lost ; On the other side lay the sea, blue and endless
  the lighthouse ; {elder} had run out of matches ; a herd of cows that blocked the road ; sang until the cows moved away ; a steep stair with two hundred steps ; rested on every twentieth step ; The light went on, and far out a ship answered with its horn
  the valley of the giants ; an ancient map promised that giants were excellent cooks ; a canyon with a swaying bridge ; crossed it one behind the other, without looking down ; a labyrinth of bushes ; always turned left until they were out ; The giants were exactly as tall as {hero}, and their soup was superb
  the crystal cave ; {elder} swore that it glittered brighter than any palace ; a landslide of boulders ; clambered over them like mountain goats ; a colony of grumpy bats ; asked politely for permission to pass ; A thousand crystals winked at them in violet and silver
  the museum in the capital ; a real dinosaur skeleton was on display there ; a ticket inspector with an enormous mustache ; showed him their homemade tickets, which made him chuckle ; streets as tangled as spaghetti ; followed the smell of roasted almonds to the main square ; The dinosaur grinned at them with all of its teeth
  the hermit on the glacier ; he was rumored to know the answer to everything ; a crevasse, blue and bottomless ; pushed a ladder across and crawled over it ; a blizzard ; dug a snug cave in the snow and sang until it passed ; The hermit offered them a peppermint and said, "I was hoping that you would know"
  the end of the rainbow ; there was said to be a pot of gold ; a field of mud ; walked on wide boards tied to their feet ; a hedge full of thorns ; crawled through a fox tunnel ; There was no gold, but a pond where the ducks were all colors
  the town beyond the mountains ; {elder} needed medicine from the doctor there ; a narrow path along a cliff ; pressed their backs to the rock and went sideways ; snow up to their knees ; made snowshoes from willow branches ; The doctor gave them a brown bottle and two mugs of cocoa
  the secret lake ; the water there was said to sing ; a wall of old stones ; found a loose stone and squeezed through ; a swarm of gnats ; rubbed mint leaves on their noses ; The wind blew through the reeds, and the lake really sang
  the island of birds ; {he} wanted to return a lost egg ; a stretch of high waves ; rowed only when the waves were low ; a whirlpool near the rocks ; dropped an anchor and waited for the tide ; The mother bird sat down on her egg and nodded three times
  the queen's castle ; the queen had ordered a cake ; a troll who asked for a toll ; paid with the smallest crumb of the cake ; a guard who was fast asleep ; tickled his nose with a feather ; The queen ate two slices and knighted them with a fork
  the big city ; {friend}'s cousin was getting married ; a flat tire ; filled the tire with hay ; a crossroads with no sign ; asked an old woman who was selling plums ; They arrived just in time to throw the rice
  the oldest tree in the world ; {he} wanted to ask it a question ; a swamp that went gloop ; jumped from one tuft of grass to the next ; a dark tunnel ; lit it with a jar of glowworms ; The tree didn't answer, but it listened, and that was enough
  the hill under the North Star ; the star looked near enough to touch ; a frozen stream ; slid across on their bellies ; a forest full of strange noises ; answered every noise with a louder one ; They couldn't quite touch the star, but they saw the whole sky dance in green light
  `,
  `
  [opening]

  [habit]
  -

  [morning]

  "I am going to {goal}," said {hero} one day, because {why}.
  For a long time {he} had wanted to travel to {goal}. After all, {why}.
  That was the day when {hero} decided to go to {goal}, because {why}.

  {Friend} wanted to come along. They packed a {looks} {thing}, a rope and (a great deal of|a bag of|enough) {food}.
  "Not without me!" said {friend}. Into the bag went a blanket, a {looks} {thing} and {food} for (two|three|four) days.
  "May I come too?" asked {friend}. "Only if you carry the {food}," said {hero}.
  ---
  For (two hours|half a day|three miles) the way was easy. Then they came to {obstacle}.
  They walked and walked, past a (mill|ruin|church|vineyard) and a field of (poppies|beans|barley|turnips). Suddenly there was {obstacle} in front of them.
  It wasn't long before they met the first problem: {obstacle}.

  "We will have to turn back," [sighed] {friend}. "Never," said {hero}. So they {way}.
  "What now?" asked {friend}. {Hero} sat down to think. Then they {way}.
  {Friend} had an idea. It was a strange idea, but it worked. They {way}.

  [aside]
  -
  ---
  (In the afternoon|On the second day|After lunch|When the sun stood low), things got worse. There was {obstacle2}.
  They were nearly there when they met {obstacle2}.
  "The hard part is over," said {friend}. {Fhe} was wrong. Next came {obstacle2}.

  This time {hero} knew what to do. They {way2}.
  "One thing at a time," said {hero}. They {way2}, and it took (an hour|a long while|less time than they had feared).
  {Friend}'s feet hurt and {hero}'s nose was cold, but they didn't give up. They {way2}.

  And then they stood before {goal}! {Arrival}.
  At last they reached {goal}. {Arrival}.
  "There it is!" [whispered] {friend}. It was true: before them was {goal}. {Arrival}.
  ---
  On the way home everything seemed much shorter. [closing]
  They were home before (dark|bedtime|the moon was up), tired and dusty and proud. "Where shall we go next?" asked {hero}.
  {Elder}, {elderwho}, wanted to hear every detail. "And what was the best part?" {ehe} asked. "The part in the middle," said {hero}, "when we didn't know how it would end."
  They had found what they wanted, and something else as well: they knew now that no road is too long for two.
  [closing]
  `,
)
