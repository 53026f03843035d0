import { plot } from '../plot.ts'

/** Bad weather threatens something; everyone helps; afterwards the world looks new. */
export const storm = plot(
  'a storm',
  `
  storm ; sign ; danger ; action ; tool ; after ; season
  a thunderstorm ; black clouds piled up like mountains ; the river was rising towards the rabbit holes ; carried all the baby rabbits to the barn ; a big wheelbarrow ; a rainbow stood over the wet fields ; summer
  a snowstorm ; the birds suddenly fell silent ; {elder}'s sheep were still up on the hill ; followed the sound of the bell and led them down ; a long rope tied to the gate ; the whole world was white and soft ; winter
  a gale ; the shutters began to rattle ; the roof of the school was coming loose ; tied it down and sat on the knots ; every rope {intown} ; hats were hanging in all the trees ; autumn
  a hurricane ; the seagulls flew inland, screeching ; the ferry had torn loose from its mooring ; hauled it back, heave by heave ; the thickest cable {intown} ; driftwood and starfish lay scattered across the market square ; autumn
  a blizzard ; the horizon turned the color of slate ; the mail coach was stranded in the mountain pass ; trudged through the drifts and dug out the horses ; lanterns, shovels and a barrel of hot cider ; the letters were delivered by sleigh ; winter
  a hailstorm ; the sky turned a strange green ; the cherries were going to be smashed ; spread blankets over all the trees ; forty blankets and one tablecloth ; white balls of ice glittered in the grass like pearls ; summer
  a storm from the sea ; the water turned as dark as ink ; the fishing boats couldn't find the harbor ; rang the bell all night long ; the old bell from the tower ; nineteen boats lay safely in the harbor ; autumn
  a sandstorm ; a brown wall stood on the horizon ; the well was going to be buried ; covered the well and dug out the door ; two shovels and a wet cloth ; the sand lay in gentle waves, like the sea ; summer
  a cloudburst ; the first drops were as big as plums ; the cellar of the bakery was filling with water ; made a chain and passed the flour sacks up the stairs ; {number} buckets ; the street was one long mirror ; summer
  an ice storm ; every twig began to tinkle ; the birds had nothing to eat ; filled the feeders and melted the ice ; a kettle of warm water and a bag of seeds ; the trees sparkled as if they were made of glass ; winter
  a spring flood ; the stream grew louder and louder ; the bridge was shaking ; piled up sacks of sand until midnight ; a hundred sacks and a cart ; the bridge was still standing, and under it swam a surprised trout ; spring
  a whirlwind ; straw was dancing in circles on the road ; the market stalls were about to fly away ; sat on the stalls and held hands ; two anvils and a very heavy uncle ; a cabbage was found on top of the church ; {season}
  `,
  `
  [opening]

  [habit]
  -

  It was a quiet {time} in {season}. "Too quiet," said {elder}, {elderwho}.
  [morning]
  The week had begun like any other. Then came Thursday.

  But then {sign}. "That looks like {storm}," said {friend}.
  Then all at once {sign}. {Elder} sniffed the air. "There is {storm} coming," {ehe} said.
  {Hero} noticed it first: {sign}. "Is that {storm}?" {he} asked.
  ---
  It came faster than anyone had thought. The wind (roared|howled|screamed), the doors (banged|slammed|shook), and somebody's (laundry|hat|umbrella|newspaper) flew over the roofs.
  Ten minutes later it was there. It (hissed|whistled|rumbled|growled), and everyone ran inside.
  And what a storm it was! A {looks} {thing} rolled down the street, followed by a very frightened [critter].

  {Hero} was sitting safely by the stove. But then {he} remembered something: {danger}!
  "We are safe here," said {friend}. "But not everybody is!" cried {hero}. {He} had just seen it through the window: {danger}.
  Suddenly there was a knock. It was {elder}, wet from head to toe. "Help!" {ehe} [cried]. Then {ehe} told them the bad news: {danger}.

  [aside]
  -
  ---
  {Hero} didn't hesitate. {He} pulled on {his} boots, took {friend} along and ran out.
  "I am scared," said {friend}. "So am I," said {hero}. "Let us be scared together and quickly."
  "Alone we can't do it," said {hero}, "but there are many of us." {He} ran from door to door and knocked.

  With {tool} they went out into the weather, and they {action}.
  They used {tool}. Side by side they {action}, while the wind pulled at their coats.
  "Bring {tool}!" shouted {hero}. Then all together they {action}.

  It was hard work. {Hero}'s {hands} were numb, and {his} ears were full of water.
  They couldn't hear each other any more, so they (nodded|made signs|pointed).
  It took (three hours|half the night|until dawn). Nobody complained, except for one (rooster|donkey|goose).
  "Hold on!" [cried] {friend}. "Just a little longer!"
  ---
  And then, all at once, it was over. In the morning {after}.
  Towards (morning|evening|dawn) the wind grew tired. When they looked out, {after}.
  At last the storm moved on. It was very still, and {after}.

  "Thank you," said {elder}. "Without you two it would have ended badly." And {ehe} made {food} for everyone.
  All the neighbors came together, wrapped in blankets, and ate {food}.
  {Hero} slept for (twelve|thirteen|fifteen) hours. When {he} woke up, there was a plate of {food} beside {his} bed, and a note that said, "Thank you."
  [closing]

  -
  A storm is big, but many small {hands} are bigger.
  "You know," said {friend}, "I am not so afraid of the wind any more."
  Even now, when the wind blows, people {intown} talk about that night.
  `,
)
