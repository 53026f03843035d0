import { linesOf } from '../plot.ts'

/** Parts of the day, told behind "One" or "that". */
export const timesOfDay = ['morning', 'afternoon', 'evening', 'day'] as const

/** For each season: clauses about its weather, which can stand alone or behind "when". */
export const weatherOfSeason: Readonly<Record<string, readonly string[]>> = {
  spring: linesOf(`
    a cuckoo was calling from the orchard
    the ditches were yellow with dandelions
    tadpoles were wriggling in the ponds
    the farmers were plowing the dark fields
    the cherry trees looked like clouds
    a mild breeze carried the scent of violets
    the first bees were humming in the blossoms
    a soft rain had just washed the leaves
    the wind smelled of wet earth
    the snow had melted into a hundred little streams
    the hedges were full of singing birds
    the sun was pale but warm
    tulips were opening like small red cups
    the swallows had come back from far away
    a rainbow stood over the fields
    lambs were jumping for no reason at all
  `),
  summer: linesOf(`
    butterflies were dancing above the lavender
    the hay wagons were creaking home
    lizards were dozing on the warm stones
    ripe apricots were falling into the grass
    the river was low and the pebbles showed
    swifts were screaming high above the roofs
    the sun was so hot that the butter melted on the table
    the crickets were singing in the dry grass
    the air smelled of hay and strawberries
    not a single cloud was in the sky
    dragonflies were darting over the water
    the road was dusty and warm
    a lazy breeze was turning the leaves
    bees were bumping into the sunflowers
    thunder was grumbling far away
    the fields were yellow with wheat
  `),
  autumn: linesOf(`
    the vines were turning red
    squirrels were burying hazelnuts everywhere
    the last wasps were crawling over the plums
    fog was creeping up from the marsh
    pumpkins were glowing in the gardens
    the swallows were gathering on the wires
    the leaves were turning gold and copper
    a cool mist was lying over the fields
    the wind was shaking acorns from the oaks
    the geese were flying south in a long line
    the air smelled of smoke and ripe apples
    spiders had hung silver webs on every fence
    the rain was drumming on the roofs
    mushrooms were popping up like tiny umbrellas
    chestnuts were dropping with a thump
    the scarecrow had lost his hat to the wind
  `),
  winter: linesOf(`
    the fountain had turned to ice
    the fields were sleeping under a white quilt
    smoke rose straight up into the pale sky
    footprints of hares crossed the snow
    the puddles had lids of ice
    a pale sun was shining without any warmth
    the snow was deep and squeaked under every step
    frost flowers were growing on the windows
    the pond was frozen as smooth as a plate
    icicles were hanging from the gutters
    the chimneys were puffing white smoke
    the wind was howling around the corners
    big snowflakes were drifting down without a sound
    the air was sharp and clear
    everyone's breath made little clouds
    the robins were fluffed up like woolen balls
  `),
}

/** Small creatures that watch, pass or comment. */
export const critters = linesOf(`
  snail
  beetle
  sparrow
  pigeon
  bumblebee
  hen
  duck
  magpie
  caterpillar
  grasshopper
  spider
  cricket
  earthworm
  ladybug
  robin
  goose
  crow
  moth
  rooster
  seagull
  woodpecker
  turtle
  butterfly
  peacock
  pelican
  swan
  stork
  wasp
  tadpole
  mosquito
  parrot
  centipede
  salamander
  partridge
  cow
  sheep
  owl
`)
