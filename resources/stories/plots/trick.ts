import { plot } from '../plot.ts'

/** Somebody greedy or mean is outwitted, not beaten. */
export const trick = plot(
  'a clever trick',
  `
  villain ; wrong ; plan ; outcome ; change
  greedy wolf ; wanted to eat all the pies in the bakery ; told him that the best pie was at the bottom of the well ; The wolf jumped in, got very wet and was pulled out by nine strong bakers ; he now works there and only licks the spoons
  vain peacock ; took the best seat at every concert ; praised his singing until he wanted to show it ; He sang so badly that he blushed and ran off ; he now takes lessons on Wednesdays
  grumpy giant ; sat on the only bridge and let nobody pass ; asked him whether he could catch his own shadow ; The giant ran after his shadow until it got dark ; he was so tired that he learned to share the bridge
  sly fox ; stole an egg from the henhouse every night ; painted a round stone white and put it in the nest ; The fox bit into it and howled, "Ow, my tooth!" ; he eats soup now
  crooked merchant ; sold plain pebbles as magic beans ; offered to buy every single pebble, but only with invisible money ; The merchant argued for an hour, blushed, and gave everybody a refund ; he deals in honest lentils now
  haughty duchess ; forbade all laughter on weekdays ; delivered a petition full of ridiculous spelling mistakes ; The duchess read it aloud, snorted, and could not stop laughing until dawn ; she tells the best jokes in the region
  thieving raccoon ; emptied every pantry after dark ; left a jar with a narrow neck and a delicious plum inside ; The raccoon grabbed the plum and could neither let go nor get his fist out ; he grows his own plums and labels them neatly
  swindler with a crystal ball ; predicted terrible misfortunes and charged three coins for each ; asked her to predict what {he} would ask next ; The swindler stammered, packed up the crystal ball and confessed ; she uses it as a paperweight
  bossy goose ; said that the whole pond belonged to her ; said that the pond was very proud to have a queen, and that queens have to do all the cleaning ; The goose cleaned for one day and then gave the pond back ; she only bosses the frogs a little
  rich miller ; kept all the flour for himself ; asked for only as much flour as would fit on a chessboard, one grain on the first square, two on the second, four on the third ; The miller agreed, began to count, and soon turned pale ; he now sells flour at a fair price
  noisy dragon ; snored so loudly that nobody could sleep ; told her that a dragon sleeps best on her side ; The dragon tried it, and there was silence at last ; she sends a thank-you card every year
  nosy crow ; read everybody's letters ; wrote a letter that said, "Whoever reads this must dance" ; The crow read it and danced the whole way across the square ; he only reads his own letters now
  wicked pirate ; wanted the gold of the whole harbor ; drew a map with a big cross in the middle of a swamp ; The pirate dug there for three weeks and found two frogs and a boot ; she grew fond of digging and has a potato field now
  mean troll ; took one shoe from everyone who passed ; gave him a sack full of left shoes ; The troll tried all night to find a pair and burst into tears ; he runs a shoe shop today
  lazy cat ; made the mice do all her work ; said that the mice were far too weak to wake a real hunter ; To show them, the cat got up and did everything herself ; she found that she rather liked it
  boastful rooster ; claimed that the sun rose only because of him ; asked him to sleep late for just one day ; The sun came up all the same, and the hens giggled ; he is a much better neighbor now
  `,
  `
  [opening]

  {He} wasn't strong and {he} wasn't big, but {he} had a good head on {his} shoulders.
  [habit]
  -

  Life {intown} could have been lovely, if it hadn't been for a {villain} who {wrong}.
  But there was a problem: a {villain} who {wrong}.
  One {season}, when {weather}, a {villain} came to {town} and {wrong}.
  Everyone {intown} was angry about a {villain} who {wrong}.
  ---
  "Somebody must do something," said {friend}. "Somebody big, with (muscles|a club|a loud voice)."
  "We should fight," said {friend}, and {fhe} waved a {looks} {thing}.
  They held a meeting {spot}. "Let us build a wall," said {friend}. "Let us run away," said {elder}.
  {Elder}, {elderwho}, had already asked politely (twice|three times|seven times). It hadn't helped.

  "I have an idea," said {hero} quietly. Nobody listened, so {he} climbed on a chair and said it again.
  {Hero} sat {spot2} and thought. {He} thought all through supper. Then {he} jumped up. "I have it!"
  "Why fight," asked {hero}, "when we can think?"
  "Give me one day," said {hero}, "and {number} (biscuits|minutes|pieces of string)."

  [aside]
  -
  ---
  The next (morning|day|evening), {hero} put on {his} politest face, went there and {plan}.
  {Hero}'s knees were trembling, but {his} voice was not. {He} (bowed|smiled|said good day) and {plan}.
  {Friend} was watching from behind a (barrel|bush|curtain|chimney). {Fhe} couldn't believe {fhis} ears: {hero} {plan}!
  This is what {hero} did: {he} {plan}.

  Everyone held their breath. {Outcome}.
  And it worked! {Outcome}.
  You can guess what happened. {Outcome}.
  It took a while, but then all of {town} saw it. {Outcome}.
  ---
  And the best thing is this: {change}.
  There was a great cheer, and nobody was hurt. Believe it or not, {change}.
  And the {villain}? Well, {change}.

  "How did you think of that?" asked {friend}. "I didn't think louder than the others," said {hero}. "I just thought longer."
  "You see," {elder} said, "a good idea is stronger than ten fists." [closing]
  [cheer] [closing]
  [closing]
  `,
)
