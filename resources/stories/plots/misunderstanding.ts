import { plot } from '../plot.ts'

/** The hero hears or sees half of something, believes the wrong thing, and learns the rest. */
export const misunderstanding = plot(
  'a misunderstanding is cleared up',
  `
  heard ; belief ; deed ; truth
  "Tomorrow we will get rid of the noisy old thing." ; they wanted to get rid of {him} ; packed {his} suitcase with seven socks and a cheese ; they had been talking about the kitchen clock
  "I never want to see a {kind} again!" ; {friend} didn't like {him} any more ; gave back all of {friend}'s letters ; {friend} had lost at a card game with a {kind} on every card
  "There is a monster in the pond." ; a monster was going to eat {town} ; built a wall out of cushions and pans ; it was a very old and very fat carp named Monster
  "The duke has swallowed the crown." ; the duke needed a surgeon ; ran to the hospital in {his} pajamas ; the Duke was a puppet and the crown was made of sugar
  "At the third stroke, everything explodes." ; there was a bomb in the bell tower ; stuffed {number} pillows into the bell ; it was about the fireworks for the jubilee
  "She is completely bald and has eleven legs." ; a frightful creature was on the loose ; slept under the bed with a frying pan ; it was an antique table without a tablecloth
  "Nobody wants {hero} in the orchestra." ; {he} played badly and should quit ; buried {his} violin in the flower bed ; nobody wanted {him} in the orchestra, because everybody wanted {him} as the conductor
  "We must not tell {hero} anything." ; everyone had a secret and {he} was left out ; sat {spot} and spoke to nobody ; they were planning a party for {him}
  "The bridge will be closed for a year." ; {he} could never visit {friend} again ; said goodbye for a whole hour ; they meant the toy bridge of the model railway
  "Please boil {hero} for ten minutes." ; {elder} wanted to cook {him} ; jumped out of the window into a bush ; {elder} had named an egg for everyone at breakfast
  "It's broken, and nobody can fix it." ; it was the end of {elder}'s fiddle ; collected coins for a new fiddle ; it was only an old shoelace
  "They are coming at midnight with forty spoons." ; robbers were on their way ; barred the door with a wardrobe ; it was the moonlight pudding club of {town}
  "He has lost his head again." ; somebody was walking around without a head ; looked for a head in every bush ; it was the snowman in front of the school
  "This one is too small. Let us throw it away." ; {friend} found {his} present too small ; took the present back in the night ; {friend} had been speaking about a hole in a sock
  "Tonight we have guests from the stars." ; visitors would land in a flying ship ; put a helmet made from a colander on {his} head ; the guests came from an inn called the Seven Stars
  "I will be gone before the snow comes." ; {friend} was moving away for good ; wept into {number} handkerchiefs ; {friend} was only visiting an aunt for the weekend
  `,
  `
  [opening]

  [habit]

  [morning]

  As {he} (passed|crept past|walked by) the (window|open door|garden fence), {he} heard {friend} say to {elder}: {heard}
  {He} wasn't really listening at the door. But {he} heard {friend} talking to {elder}, and {friend} said: {heard}
  {Hero} was sitting {spot2} when {he} heard {friend}'s voice. {heard}
  A note had fallen out of {friend}'s pocket. On it was written: {heard}
  ---
  {Hero} turned as white as (milk|chalk|flour). So {belief}!
  {Hero} stopped chewing. There could be no doubt: {belief}.
  "Oh no!" thought {hero}. {He} was sure now that {belief}.
  The words went round and round in {his} head, and {he} knew what they meant. They meant that {belief}.

  [aside]
  -

  Without asking anybody, {he} {deed}.
  {He} didn't wait. {He} {deed}.
  {He} thought about it for {number} seconds, and then {he} {deed}.
  What would you have done? {Hero} {deed}.
  ---
  {Friend} found {him} like that. "What in the world are you doing?" {fhe} asked.
  It wasn't long before {friend} came by. {Fhe} stopped and stared. "Is this a game?" {fhe} asked.
  "What has happened?" asked {friend}, who was carrying a {looks} {thing}. "You look as if you had swallowed a (wasp|boot|trumpet)."

  "I know everything!" [cried] {hero}. "I heard it with my own ears!" And {he} told {friend} the whole story.
  At first {hero} didn't want to answer. Then it all came out in one long sentence, without a single comma.
  "I heard what you said," [whispered] {hero}, and a tear rolled down {his} nose.

  {Friend} (opened {fhis} mouth and closed it again|looked puzzled). Then {fhe} began to laugh. {Fhe} explained that {truth}.
  "But no!" said {friend}. "You only heard half of it." And {fhe} explained that {truth}.
  {Friend} had to sit down, {fhe} was laughing so hard. It turned out that {truth}.

  Now {hero} had to laugh too. {He} laughed so much that {he} got the hiccups.
  "Oh," said {hero}. {He} turned as red as a (beet|tomato|cherry), right up to the tips of {his} ears.
  {Hero} felt very silly and very happy, both at the same time.
  ---
  "Next time I will ask first," said {hero}. "Good," said {friend}. "Asking is cheaper than (worrying|running away|crying)." [closing]
  Half a sentence can be worse than none. Since then {hero} always waits for the other half. [closing]
  "Why didn't you just ask me?" said {friend}. It was such a simple idea that {hero} had never thought of it. [closing]
  [closing]
  `,
)
