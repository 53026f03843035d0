import { linesOf } from '../plot.ts'

/** Where a hero lives, and the short way to speak of it later, each with its preposition. */
export const homes: readonly (readonly [home: string, town: string])[] = linesOf(`
  in a village by the sea ; in the village
  in a village at the edge of a forest ; in the village
  in a small town with crooked chimneys ; in the town
  in a valley full of apple trees ; in the valley
  in a house on a windy hill ; on the hill
  in a harbor town that smelled of salt and tar ; in the harbor
  in a cottage beside a slow green river ; on the riverbank
  on a farm at the end of a long road ; on the farm
  in a forest where the oaks were older than anyone could remember ; in the forest
  in a mountain village with snow on its roofs ; in the village
  on a street of narrow, colorful houses ; on the street
  in a meadow full of clover ; in the meadow
  on an island with one lighthouse and forty goats ; on the island
  in a town with a clock that was always ten minutes late ; in the town
  in a burrow under an old chestnut tree ; in the wood
  in a windmill that creaked like an old chair ; on the hill
  in a hut between two waterfalls ; in the valley
  in a village where every door was painted blue ; in the village
  in a desert town built around one deep well ; in the town
  in a snowy land near the top of the world ; in the village
  on a houseboat on a sleepy canal ; on the canal
  in a quiet wood behind the railway station ; in the wood
  in a city with seven bridges ; in the city
  in a village where it rained nearly every Tuesday ; in the village
  in a round house beside a lake ; by the lake
  in a garden with a tall stone wall ; in the garden
  in a fishing village where the gulls stole sandwiches ; in the village
  in a bamboo grove near a misty pond ; in the grove
  in a cave with a red front door ; on the hillside
  in a market town with a fountain in the middle ; in the town
  in a castle with more cats than rooms ; in the castle
  in a caravan painted like a sunrise ; in the meadow
  in a monastery garden full of herbs ; in the garden
  in a harbor where ships from nine countries anchored ; in the harbor
  in a narrow canyon with an excellent echo ; in the canyon
  in a vineyard on a sunny slope ; in the vineyard
  in a village of stilt houses above a lagoon ; in the village
  in an orchard with a leaning ladder ; in the orchard
  in a lonely inn at a crossroads ; at the inn
  in a tower with a hundred and eleven steps ; in the tower
`).map((line) => {
  const [home = '', town = ''] = line.split(' ; ')
  return [home, town] as const
})

/** Small places near by, each with its preposition, where things happen or hide. */
export const spots = linesOf(`
  behind the mill
  under the old bridge
  beside the well
  near the duck pond
  behind the bakery
  under the kitchen table
  at the bottom of the garden
  inside the hollow tree
  by the rusty gate
  between the cabbages
  behind the woodpile
  on top of the haystack
  under the willow
  beside the stone wall
  in the empty barn
  by the stepping stones
  near the blackberry bushes
  behind the schoolhouse
  in the rowing boat
  under the back stairs
  next to the beehives
  beside the mossy log
  at the foot of the hill
  by the chicken coop
  in the tall grass
  behind the curtains
  in the laundry basket
  beneath the market stalls
  by the signpost
  near the blacksmith's forge
  on the wooden pier
  behind the greenhouse
  at the edge of the wood
  in the shade of the big elm
  by the mailbox
  under the porch
  beside the pumpkin patch
  in the dusty attic
  near the clock tower
  behind the waterfall
  on the ferry landing
  in the wheelbarrow
  beside the sundial
  behind the organ
  under the gooseberry hedge
  in the bell tower
  near the beaver dam
  behind the rain barrel
  on the balcony
  under a heap of autumn leaves
  in the pantry
  beside the windmill
  in the broom cupboard
  along the railway track
`)
