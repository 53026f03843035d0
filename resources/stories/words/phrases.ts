import { linesOf } from '../plot.ts'

/** Tables of phrases that every plot may draw from with `[name]`. */
export const phrases: Readonly<Record<string, readonly string[]>> = {
  opening: linesOf(`
    Of all the animals and people {intown}, {hero} was surely the most curious about other people's soup. {He} was a {trait} {kind}.
    Let me tell you about {hero}, a {trait} {kind}, who lived {inhome}.
    Once, {inhome}, a {trait} {kind} opened the shutters and sneezed. That was {hero}.
    Do you know {hero}? {He} is a {kind}, a rather {trait} one, and {he} lives {inhome}.
    Many years ago, a {trait} {kind} by the name of {hero} lived {inhome}.
    Once upon a time, there was a {trait} {kind} called {hero}, who lived {inhome}.
    {Hero} was a {trait} {kind} who lived {inhome}.
    {Inhome} there lived a {trait} {kind} named {hero}.
    There was once a {trait} {kind} {inhome}, and {his} name was {hero}.
    Long ago, {inhome}, lived a {trait} {kind} called {hero}.
    Everybody {intown} knew {hero}, the {trait} {kind}.
    {Hero} the {kind} was (very|rather|quite|a little|terribly) {trait}. {He} lived {inhome}.
    If you ever come to {town}, ask for {hero}. {He} is a {trait} {kind}, and this is {his} story.
    This is the story of {hero}, a {trait} {kind} from {home}.
    No {kind} {intown} was as {trait} as {hero}.
    Far away, {inhome}, lived {hero}, who was as {trait} as a {kind} can be.
    Not so long ago, a {trait} {kind} named {hero} came to live {inhome}.
  `),
  habit: linesOf(`
    {He} had a pocket full of string, a head full of questions and a heart full of plans.
    Some people collect stamps. {Hero} collected (buttons|jokes|echoes|bruises|funny words).
    {He} was never bored, because {hobby} took up most of {his} time.
    At school {he} was best in (arithmetic|drawing|gymnastics|geography|daydreaming).
    {Elder}, {elderwho}, lived next door and was {his} best listener.
    Rain or shine, {he} spent an hour a day {hobby}.
    Above {his} bed hung a {looks} {thing}, and nobody knew why.
    {He} loved {hobby}.
    {He} liked nothing better than {hobby}.
    Most days {he} was busy {hobby}.
    {He} was good at two things: {hobby} and falling asleep.
    {His} favorite thing in the world was {hobby}.
    {He} could spend a whole {time} {hobby}.
    When {he} wasn't eating, {he} was {hobby}.
    On Sundays {he} enjoyed {hobby}, and on Mondays {he} was tired.
    {He} was seldom sad, because {he} had {hobby} to look forward to.
    {He} shared a room with {number} {looks} (boxes|jars|books|cushions) and a {thing} that nobody needed.
    {He} owned a {looks} {thing}, a {looks2} {thing2} and {number} buttons.
    On {his} shelf stood a {looks} {thing} and a {looks2} {thing2}.
    {He} never went out without {his} {looks} {thing}.
  `),
  morning: linesOf(`
    One {season} {time}, {weather}.
    It was a {season} {time}, and {weather}.
    It was {season}, and {weather}.
    One {time} in {season}, when {weather}, something happened.
    It all began on a {season} {time}. {Weather}.
    That {season}, {weather}.
    It was a {time} like any other. {Weather}.
    One {season} {time}, {hero} looked out of the window and saw that {weather}.
    "What a day!" said {hero}. It was {season}, and {weather}.
  `),
  aside: linesOf(`
    A feather drifted down and settled on {hero}'s nose.
    {Hero} bit {his} lip. A [critter] and a [critter] exchanged a meaningful glance.
    Two ducks, if you can believe it, were taking bets.
    A floorboard creaked. A shutter squeaked. Then silence again.
    {Hero} remembered something that {elder} often said: "Thinking is free, so help yourself."
    {Elder} always said that a cup of tea makes a problem smaller, but there was no teapot in sight.
    Far off, a train whistled, and a dog answered.
    A drop of water fell from the gutter: plip. Then another: plop.
    {Hero} swallowed. {His} mouth was as dry as sand.
    It was one of those moments in which even the clouds seem to stand still.
    {His} thoughts buzzed around like flies in a jar.
    If a [critter] had offered {him} a biscuit just then, {he} wouldn't have noticed.
    {Hero} tugged at {his} sleeve, as {he} always did when {he} was nervous.
    A cold shiver ran down {his} back, took a little rest, and ran up again.
    The [critter] in the corner made a sound like a rusty hinge.
    Nobody noticed the [critter], who had seen everything and kept it to itself.
    "Goodness," muttered a [critter], and it went on with its breakfast.
    {Hero} blinked (once|twice|three times), very slowly.
    From the kitchen came a clatter of pots and the smell of [smell].
    A passing [critter] (shook its head|looked surprised|pretended not to notice|stopped to watch).
    Somewhere a [critter] (laughed|coughed|sneezed|hiccupped).
    The [critter] on the fence (blinked|yawned|didn't say anything|rolled its eyes).
    Even the [critter] (held its breath|stopped chewing|seemed worried|leaned closer).
    A [critter] walked by, (slowly|proudly|backwards|in a great hurry).
    {His} stomach rumbled (like a small drum|like distant thunder|loudly), but this was no time for {food}.
    {His} heart went thump, thump, thump.
    {His} ears turned (hot|pink|red).
    The clock in the hall went tick, tock, tick, tock.
    For a moment it was so quiet that you could hear the [critter] breathing.
    {Hero} scratched {his} head. {He} scratched it again, because it helped {him} think.
    {Hero} counted to (five|seven|ten|twelve) and took a deep breath.
    The wind (turned a page|slammed a door|tickled the leaves|hummed in the chimney).
    It smelled of [smell].
    The whole {time} smelled of [smell].
  `),
  smell: linesOf(`
    fresh laundry
    roasted coffee
    cut grass
    orange blossoms
    pepper and onions
    moss and mushrooms
    melted chocolate
    old leather
    cloves and nutmeg
    peppermint
    smoked fish
    honey and beeswax
    wet leaves
    warm bread
    pine needles
    soap and lavender
    old books
    burnt sugar
    mud and mint
    rain on stone
    fresh paint
    ripe pears
    candle wax
    salt and seaweed
    sawdust
    damp wool
    lemon peel
    vanilla
    campfire smoke
    new shoes
  `),
  cheer: linesOf(`
    "Hooray!" [cried] {hero}.
    "We did it!" [cried] {friend}.
    {Hero} (laughed|cheered|grinned) and spun around (twice|three times) until {he} was dizzy.
    {Friend} clapped {fhis} {fhands} and (jumped up and down|laughed out loud|danced in a circle).
    {Hero} was so happy that {he} hugged {friend}, a fence post and a very surprised [critter].
    {Hero} felt as light as a feather.
    {Hero} smiled from one ear to the other.
    {Hero} and {friend} danced (around the table|in a ring|across the yard|down the lane).
    {Hero}'s eyes shone like two (lanterns|stars|copper coins|buttons).
    A warm feeling spread from {hero}'s nose down to {his} toes.
  `),
  closing: linesOf(`
    {Elder} nodded so hard that {ehis} hat slipped over {ehis} nose.
    That night the moon peeped in at {hero}'s window, and it seemed to wink.
    {Hero} yawned, stretched and pulled the blanket up to {his} chin. It had been a long day.
    In the distance a [critter] sang, a little out of tune, and everybody agreed that it was beautiful.
    Tired and content, {hero} hung up {his} coat and warmed {his} {hands} by the fire.
    {Hero} drew a picture of it, which still hangs above {his} bed.
    For supper they had {food}, with a second helping for {hero}.
    Whenever {hero} and {friend} think of it, they begin to giggle, even during music lessons.
    {Friend} whistled all the way home, and {hero} joined in at the chorus.
    The lamps went out one after another, until only the crickets were awake.
    A tiny star fell over the rooftops. {Hero} made a wish, but {he} didn't tell anyone what it was.
    And the [critter]? It had fallen asleep long ago.
    And {hero}? {He} was already planning the next adventure.
    That night, {hero} fell asleep with a smile.
    That evening they all ate {food}, and there was enough for everyone.
    Then they went home, because it was time for {food}.
    And from that day on, {hero} and {friend} were the best of friends.
    {Hero} told the story at supper, and {he} told it again at breakfast.
    The moon came up, round and yellow, and {town} was quiet again.
    To celebrate, {elder} served {food}.
    And if they haven't stopped talking, they are still telling the tale today.
    When the stars came out, {hero} and {friend} were still laughing.
    "Same time tomorrow?" asked {friend}. "Of course," said {hero}.
    {Hero} slept well that night, and {he} dreamed of {food}.
    They shared a plate of {food} and watched the sun go down.
    "What shall we do tomorrow?" asked {hero}. {Friend} already had {number} ideas.
    {Hero} wrote it all down in a {looks} notebook, so that nobody would ever forget it.
    And that, as {elder} liked to say, was that.
    It was the best {time} of the whole {season}.
  `),
  went: linesOf(`
    walked
    hurried
    skipped
    trotted
    ran
    wandered
    marched
    tiptoed
    strolled
    raced
  `),
  looked: linesOf(`
    looked
    peeked
    searched
    peered
  `),
  cried: linesOf(`
    cried
    shouted
    called
    exclaimed
  `),
  whispered: linesOf(`
    whispered
    murmured
    breathed
  `),
  sighed: linesOf(`
    sighed
    groaned
    mumbled
    muttered
  `),
  thought: linesOf(`
    thought
    said to {himself}
    told {himself}
  `),
}
