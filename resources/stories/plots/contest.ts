import { plot } from '../plot.ts'

/** A contest goes wrong in the middle, and fairness or a friend counts for more than the prize. */
export const contest = plot(
  'a contest',
  `
  contest ; practice ; boast ; trouble ; choice ; prize ; season
  the great pumpkin race ; rolling pumpkins up and down the lane ; My pumpkin is the fastest in the world ; {friend}'s pumpkin rolled into the ditch ; stopped and pulled it out ; a golden pumpkin seed ; autumn
  the kite festival ; running against the wind ; My kite will touch the clouds ; {friend}'s string got tangled in a pear tree ; climbed up and freed it ; a spool of silver string ; autumn
  the wheelbarrow rally ; dashing around the barn with a wheelbarrow full of turnips ; I have the strongest arms in the district ; {friend}'s wheel got stuck in a rut ; turned back and shoved until it came loose ; a trophy shaped like a turnip ; autumn
  the riddle tournament ; memorizing riddles from an enormous encyclopedia ; Nobody can puzzle me ; {friend} lost {fhis} spectacles and couldn't read the question ; read it out for {fhim} ; a golden question mark ; {season}
  the skating race ; gliding across the frozen canal at dawn ; I am as swift as an arrow ; {friend} slipped and slid into a snowdrift ; skidded to a halt and dug {fhim} out ; a pair of silver skates ; winter
  the staring contest ; staring at a lamp without blinking ; I could outstare an owl ; a speck of dust flew into {friend}'s eye ; looked away to fetch {fhim} a handkerchief ; a pair of ruby-red goggles ; {season}
  the pie contest ; baking (nine|twelve|fourteen) pies in a row ; My pie has forty cherries ; {friend} ran out of sugar ; gave away half of {his} own sugar ; a big wooden spoon ; summer
  the swimming race across the lake ; splashing in the lake before breakfast ; I swim like a fish, only faster ; {friend} got a cramp in {fhis} leg ; turned around and helped {fhim} to the shore ; a shell as big as a hat ; summer
  the snail derby ; feeding a snail the best lettuce ; My snail is as fast as the wind ; {friend}'s snail fell asleep on the track ; shared a leaf so that it woke up ; a crown made of lettuce ; spring
  the singing contest ; singing to the cows every evening ; I know a song with thirty verses ; {friend} forgot the words in the middle of the song ; softly sang along until {fhe} remembered ; a tin trumpet ; {season}
  the sack race ; hopping around the house in an old flour sack ; I hop better than any frog ; {friend} fell over flat on {fhis} nose ; hopped back to pick {fhim} up ; a box of chocolate frogs ; {season}
  the sandcastle contest ; building towers on the beach ; My castle will have a hundred windows ; a wave washed away {friend}'s castle ; made room for {fhim} beside {his} own ; a little flag with a star ; summer
  the boat race ; rowing up and down the river ; My boat is the best on the whole river ; {friend}'s oar snapped in two ; threw {fhim} a rope ; a bell for the boat ; summer
  the costume parade ; sewing feathers onto an old coat ; Nobody has more feathers than I do ; {friend}'s costume split at the back ; gave {fhim} the big scarf from {his} own ; a mirror with a gold frame ; {season}
  the spelling bee ; spelling long words in the bathtub ; I can even spell rhinoceros ; {friend} was so nervous that {fhe} got the hiccups ; asked for a glass of water for {fhim} ; a dictionary with a leather cover ; {season}
  the snowman contest ; rolling snowballs until {his} {hands} were blue ; My snowman will be twice as tall as the church ; the head of {friend}'s snowman rolled away ; helped {fhim} lift a new one ; a carrot tied with a bow ; winter
  `,
  `
  [opening]

  [morning]

  It was the (week|day) before {contest}, and all of {town} was talking about it.
  In three days it would be time for {contest}.
  A (large|yellow|crooked) sign hung {spot}: "Come to {contest}! Saturday at (9|10|11|2|3) o'clock!"
  Every year {town} held {contest}, and this year {hero} wanted to win.

  {Hero} had been {practice} for (days|weeks|a whole month).
  {He} spent every free minute {practice}.
  Day after day, {he} was {practice}.

  "{boast}," {he} told everyone. {Friend} wanted to take part as well, but {fhe} only said, "We will see."
  "{boast}!" said {hero}. "You are very sure of yourself," said {friend}, {fhis} eyes twinkling.
  "{boast}," {he} said proudly to {friend}. {Elder}, {elderwho}, heard it and smiled.
  ---
  At last the big day came. (Flags|Paper lanterns|Ribbons) were hanging everywhere, and it smelled of {food}.
  On Saturday, (nine|twelve|fifteen|twenty) players stood in a row. {Hero} wore the number (4|7|12|15|23).
  The day of the contest was (bright|windy|cold and clear|gray, but dry). {Elder} was the judge and wore a tall hat.

  "Ready, steady, go!" [cried] {elder}.
  A trumpet sounded. It began!
  {Elder} rang a bell, and off they went.

  At first everything went well, and {hero} was in front. But then {trouble}.
  {Hero} was (winning|in the lead|ahead of everyone). {He} could almost touch the prize, {prize}. Just then, {trouble}.
  After (five|ten) minutes only {hero} and {friend} were left. And then, all of a sudden, {trouble}.

  [aside]
  -

  {Hero} could have gone on. {He} looked at the prize, and {he} looked at {friend}. Then {he} {choice}.
  "Go on!" shouted the crowd. "You are going to win!" But {hero} {choice}.
  It was a hard choice, and {he} had only one second for it. {Hero} {choice}.
  "Bother," said {hero}. And {he} {choice}.
  ---
  In the end neither of them won. The prize, {prize}, went to (a very small [critter]|a quiet girl from the hills|somebody's grandmother|a boy who had never won before).
  So somebody else came first and won {prize}. {Hero} and {friend} came last, side by side, laughing.
  They both came in last, but nobody {intown} had ever clapped so loudly.

  "You could have won," said {friend}. "Yes," said {hero}, "but who would have celebrated with me?"
  "Are you sad?" asked {friend}. {Hero} thought about it. "No," {he} said, and {he} was surprised that it was true.
  "There is one more prize," said {elder}. "It is for the kindest heart, and it goes to {hero}." It was a mountain of {food}, and {he} shared it with {friend}.
  Then {elder} stood up. "Anyone can be first," {ehe} said. "Being a friend is harder."

  [closing]
  A prize gathers dust, but a friend doesn't. [closing]
  `,
)
