import { linesOf } from '../plot.ts'

const list = (block: string): readonly string[] => linesOf(block).join(', ').split(/,\s*/)

/** Things that fit into a basket, a pocket or a shop window. */
export const things = list(`
  bell, compass, whistle, thimble, lantern, teapot, spoon, button, ribbon, mirror, marble, kite, drum, flute
  basket, pebble, feather, hat, scarf, mitten, umbrella, pillow, blanket, candle, jar, mug, bottle, brush
  pencil, notebook, map, coin, key, lock, clock, ladder, hammer, rope, bucket, shovel, broom, bowl, plate, fork
  puppet, doll, ball, puzzle, trumpet, violin, magnet, telescope, postcard, stamp, envelope, suitcase, wallet
  apron, boot, sock, slipper, needle, sponge, soap, toothbrush, comb, pan, ladle, cork, shell, acorn, pinecone
  wheel, sled, paddle, anchor, net, fishing rod, tin soldier, spinning top, music box, paper boat, snow globe
  toy train, walking stick, tin whistle, copper kettle, velvet cushion, wooden flute, brass bell, silver thimble
  leather belt, straw hat, woolen sock, clay pot, glass bead, paper fan, iron nail, rubber duck, hourglass
  tambourine, accordion, wheelbarrow, corkscrew, picture frame, saddle, barrel, pitcher, napkin, bracelet
  calendar, riddle book, tablecloth, hammock, backpack, saucepan, rolling pin, thermometer, mousetrap
  weather vane, doorknob, chessboard, dictionary, bookmark, sewing box, rocking horse, magnifying glass, pocket watch, jam jar, bird feeder, flowerpot, seed packet
`)

/** How such a thing looks or feels. */
export const looks = list(`
  small, old, shiny, dusty, tiny, strange, large, pretty, crooked, heavy, purple, yellow, orange, striped
  spotted, speckled, sticky, funny, ordinary, ugly, battered, green, blue, red, pink, gray, white, black
  brown, bright, odd, scratched, squeaky, faded, borrowed, forgotten, homemade, peculiar, splendid, precious
  secondhand, crimson, wobbly, plain, fancy, turquoise, mysterious, expensive, cheap
`)

/** Good things to eat, as they are served. */
export const foods = linesOf(`
  honey cakes
  hot soup with dumplings
  blueberry pancakes
  cheese sandwiches
  apple pie
  warm bread and butter
  cinnamon buns
  pumpkin soup
  roasted chestnuts
  strawberry jam on toast
  noodles with peas
  ginger biscuits
  potato pie
  cherry tart
  carrot cake
  scrambled eggs
  raisin rolls
  plum dumplings
  rice with lentils
  baked apples
  vanilla pudding
  corn fritters
  onion tart
  walnut bread
  lemon cookies
  porridge with brown sugar
  mushroom stew
  banana bread
  peach cobbler
  buttered noodles
  hot chocolate and waffles
  tomato soup
  garlic bread
  poppy seed rolls
  apricot dumplings
  cauliflower cheese
  spinach pancakes
  chestnut soup
  cucumber sandwiches
  sweet potatoes
  bean stew
  gooseberry jelly
  almond cookies
  oatmeal with raspberries
  pickled beets
  asparagus soup
  caramel apples
  fish cakes
  roasted corn
  grilled cheese
  coconut macaroons
  pear crumble
`)
