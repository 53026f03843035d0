import { linesOf } from '../plot.ts'

const list = (block: string): readonly string[] => linesOf(block).join(', ').split(/,\s*/)

/** Names of girls and female animals. */
export const femaleNames = list(`
  Mina, Lily, Rosa, Clara, Ivy, Nora, Poppy, Ada, Elsa, Ruby, Tilda, Greta, Wren, Hazel, Daisy, Maya, Anya
  Leila, Zara, Amina, Freya, Olive, Pearl, Juno, Molly, Hetty, Dora, Kiki, Luna, Sofia, Willow, Yara, Bella
  Fern, Ines, Marta, Suki, Tansy, Nell, Opal, Petra, Saffron
`)

/** Names of boys and male animals. */
export const maleNames = list(`
  Tom, Ben, Oscar, Finn, Leo, Hugo, Max, Sam, Theo, Jasper, Arlo, Milo, Otto, Felix, Rory, Karim, Omar, Ravi
  Kofi, Emil, Anton, Basil, Bruno, Casper, Digby, Ezra, Gus, Henry, Igor, Jonah, Kit, Louis, Ned, Pablo
  Pip, Rufus, Silas, Toby, Udo, Victor, Wilbur, Yusuf
`)

/** Animals that can be a story's hero or friend, with the word for their hands. */
export const animals: readonly { readonly kind: string; readonly hands: string }[] = [
  ...list(`
    rabbit, fox, hedgehog, mouse, bear, badger, squirrel, otter, mole, cat, beaver, raccoon, kitten, puppy
    hamster, dormouse, wolf cub, panda, koala, chipmunk, weasel, lion cub, hare, porcupine, guinea pig
    bear cub, fox cub, shrew, tiger cub, meerkat
  `).map((kind) => ({ kind, hands: 'paws' })),
  ...list('goat, donkey, pony, lamb, piglet, calf, fawn').map((kind) => ({ kind, hands: 'hooves' })),
  ...list('frog, monkey, lizard, toad').map((kind) => ({ kind, hands: 'hands' })),
]

/** Where a human friend comes from, told behind the friend's name. */
export const friendsFrom = list(`
  from next door, from the mill, from the bakery, from across the lane, from the blue house, from the farm
  from the top of the hill, from the lighthouse, from the toy shop, from the ferry, from the end of the road
  from the flower stall
`)

/** Old people of the neighbourhood: name, pronoun, what they are known for. */
export const elders: readonly (readonly [name: string, pronoun: 'he' | 'she', who: string])[] = [
  ['Grandma Walnut', 'she', 'who always had time for a question'],
  ['Mrs. Plum', 'she', 'who kept the bakery'],
  ['Mrs. Button', 'she', 'who sewed curtains for the whole street'],
  ['Aunt Juniper', 'she', 'who knew the name of every plant'],
  ['Miss Pepper', 'she', 'who taught at the little school'],
  ['Grandmother Moss', 'she', 'who had lived there longest of all'],
  ['Mrs. Quill', 'she', 'who looked after the library'],
  ['Old Nan Thistle', 'she', 'who could tell the weather by her knees'],
  ['Madam Marigold', 'she', 'who sold honey and candles'],
  ['Captain Coral', 'she', 'who had sailed around the world twice'],
  ['Mrs. Barnaby', 'she', 'who had a cure for every cough'],
  ['Great-Aunt Violet', 'she', 'who painted portraits of cats'],
  ['Sister Clementine', 'she', 'who kept goats on the hillside'],
  ['Mrs. Harper', 'she', 'who delivered the mail on a squeaky bicycle'],
  ['Mr. Nightingale', 'he', 'who conducted the village choir'],
  ['Old Gregor', 'he', 'who guarded the bridge and told tall tales'],
  ['Mr. Wick', 'he', 'who lit the street lamps at dusk'],
  ['Baker Rowan', 'he', 'who got up at four every morning'],
  ['Grandpa Birch', 'he', 'who carved spoons on his doorstep'],
  ['Mr. Tinker', 'he', 'who mended clocks and kettles'],
  ['Uncle Barley', 'he', 'who drove the milk cart'],
  ['Mr. Pickle', 'he', 'who ran the corner shop'],
  ['Captain Brine', 'he', 'who had once been a sailor'],
  ['Professor Crumb', 'he', 'who read three books at a time'],
  ['Grandfather Oak', 'he', 'who never hurried'],
  ['Mr. Fiddle', 'he', 'who played at every wedding'],
  ['Old Mr. Cobble', 'he', 'who made the best boots for miles'],
  ['Doctor Linden', 'he', 'who carried peppermints in his black bag'],
]

/** What a hero is like. */
export const traits = list(`
  curious, shy, cheerful, careful, clever, brave, dreamy, gentle, stubborn, patient, noisy, quiet, kind, busy
  merry, thoughtful, restless, polite, messy, tidy, honest, sleepy, hungry, proud, playful, eager, bold
  adventurous, cautious, grumpy, ambitious, generous, modest, determined, bashful, inventive, practical
  forgetful, friendly, impatient, silly, serious, nosy, hopeful, lively, talkative
`)

/** What a hero likes to do. */
export const hobbies = linesOf(`
  collecting smooth stones
  counting clouds
  splashing in puddles
  climbing trees
  drawing maps of places that didn't exist
  asking questions before breakfast
  whistling in the bath
  reading under the blanket with a lantern
  building towers out of boxes
  watching ants march in a line
  telling jokes to the chickens
  singing to the moon
  making crowns out of daisies
  racing paper boats
  cooking soup with too much pepper
  painting snails that wouldn't sit still
  rolling down grassy hills
  learning long words
  pretending to be a pirate
  baking crooked biscuits
  listening to the rain
  skipping all the way home
  writing letters to the stars
  digging for treasure
  dancing when nobody was looking
  feeding the ducks
  balancing a spoon on one finger
  chasing butterflies and never catching one
  making up songs about cheese
  juggling with radishes
  solving riddles in the garden
  sliding down the banister
  pressing flowers in heavy books
  inventing machines that did nothing
  knocking on trees to see who was home
  practicing somersaults on the mattress
  blowing soap bubbles as big as melons
  playing chess against the cat
  collecting feathers, corks and bottle caps
  arranging pebbles in spirals
  imitating the sound of a trombone
  polishing doorknobs until they gleamed
  studying the shapes of shadows
  talking to the vegetables
  hopping on one leg from fence to fence
  designing hats for pigeons
  stirring puddles with a twig
  learning the names of constellations
  swinging on the garden gate
  folding swans out of newspaper
  sketching the neighbors while they snored
  planting radishes in teacups
  measuring everything with a piece of string
  catching falling leaves
`)
