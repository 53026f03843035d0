import { plot } from '../plot.ts'

/** Somebody new and odd arrives; people talk; the hero finds out what the stranger can do. */
export const newcomer = plot(
  'a newcomer is welcomed',
  `
  stranger ; odd ; rumor ; gesture ; secret ; gift
  a tall heron ; stood on one leg all day long ; he was up to no good ; brought him a bowl of soup ; he was listening to the fish ; he showed everyone where the best fishing was
  an old tortoise ; never said a word ; she thought herself better than others ; sat down beside her and was silent too ; she only needed a very long time to begin a sentence ; she told the most wonderful stories, one word a minute
  a bat ; slept all day, hanging upside down ; he was lazy ; left a note on his door ; he worked as a night watchman ; the streets of {town} were safe at night
  a retired acrobat ; walked along the rooftops before dawn ; she was a burglar ; waved up at her with a lantern ; she was lonely without the trapeze and the applause ; she taught everyone to balance, even the mayor
  a scientist with wild hair ; carried smoking bottles up and down the stairs ; he was brewing poison ; delivered a basket of {food} and a bucket of water, just in case ; he was trying to invent a blue tomato ; blue tomato soup became the specialty of the region
  a camel ; chewed slowly and stared at everybody ; she was judging them ; sat down next to her and chewed along ; she was homesick for the desert ; there was a sandbox as large as a ballroom
  a large moose ; couldn't get through any door ; he was going to break everything ; moved the picnic outdoors ; he was very shy and very gentle ; his antlers were the best place for hanging lanterns
  a woman with a cart ; had forty locked drawers in it ; she was a witch ; asked her politely what was inside ; there was a different button in every drawer ; nobody {intown} ever lost a button again
  a crocodile ; smiled all the time with (sixty|seventy|eighty) teeth ; he ate neighbors for breakfast ; knocked at his door with a plate of {food} ; he was a vegetarian and loved cucumbers ; his cucumber salad became famous
  a skunk ; had chosen the house at the very end of the road ; she smelled terrible ; invited her to tea, with a clothespin in {his} pocket ; she grew roses and smelled only of them ; she planted a rose bush at every door
  a man with a wooden leg ; walked around at midnight ; he was a pirate ; wished him a good evening ; he couldn't sleep because he missed the sea ; he taught the children to tie nineteen kinds of knots
  a very small elephant ; sneezed in the middle of every sentence ; it was catching ; lent her a handkerchief as big as a tablecloth ; she was allergic to secrets and loved the truth ; people {intown} became much more honest
  an owl with thick glasses ; greeted the lampposts and never the people ; he was rude ; wiped his glasses with a clean cloth ; he had never seen anyone clearly before ; he opened a reading room with three hundred books
  a duck from far away ; spoke in a language that nobody knew ; she was laughing at everyone ; learned to say "good morning" in her language ; she had been saying "good morning" all the time ; there were two words for everything {intown}
  `,
  `
  [opening]

  [morning]

  That {season}, {stranger} moved into the empty house {spot}.
  On that very {time}, {stranger} came to {town} with a {looks} suitcase and a {looks2} {thing}.
  One day there was a light in the old house by the road. It belonged to {stranger}.
  It was then that {stranger} came to live {intown}.

  The newcomer {odd}.
  It was a bit strange, for the newcomer {odd}.
  Nobody had ever seen anything like it: the newcomer {odd}!

  Soon people began to whisper. They said that {rumor}.
  {Friend} had heard that {rumor}. {Fhe} had it from a [critter], who had it from a cousin.
  {Friend} told {hero} that {rumor}. "Who says so?" asked {hero}. "Everyone," said {friend}, but {fhe} didn't know who that was.
  ---
  {Hero} was not so sure. "Has anybody asked?" {he} said. Nobody had.
  {Hero} believed it too, for a day. Then {he} became curious.
  "Perhaps it is lonely to be new," thought {hero}. {He} remembered {his} own first day {intown}.
  "Don't go near that house," said {friend}. But {hero} had already made up {his} mind.

  [aside]
  -

  The next (morning|day|afternoon), {he} put on {his} best (scarf|hat|shirt|boots) and {gesture}.
  {His} knees felt like pudding, but {he} {gesture}.
  So {he} gathered all {his} courage and {gesture}.
  ---
  First there was silence. Then there was a smile. And so {hero} learned the secret: {secret}.
  "You are the first one who has come," said the newcomer with a shaky voice. They talked for hours, and it turned out that {secret}.
  "Do sit down," said the newcomer. They ate {food}, and there were many stories. By the end {hero} knew that {secret}.

  {Hero} ran home and told everyone. "We were wrong!" {he} [cried].
  "Come along," {hero} said to {friend}, "I want you to meet somebody." {Friend} came, a little ashamed.
  When {friend} heard that, {fhe} looked at {fhis} feet. "I should have asked," {fhe} said.

  It wasn't long before {gift}.
  Everybody was glad about it, because soon {gift}.
  And that is how it came about that {gift}.
  ---
  "Strangers are only friends with the wrapping still on," said {elder}. [closing]
  Today there are three chairs in front of that house, and they are seldom empty. [closing]
  "What do people say about me?" asked {hero} later. "That you are {trait}," said {friend}, "and for once they are right."
  Now, when somebody new arrives, {hero} is the first to knock. [closing]
  [closing]
  `,
)
