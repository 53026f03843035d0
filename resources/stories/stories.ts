import { capitalise, countWords, fixArticles } from './english.ts'
import type { Plot } from './plot.ts'
import { plots } from './plots/index.ts'
import { seededRandom, type Random } from '../../src-main/base/random.ts'
import { fill, parseTemplate, pickFresh, type Telling } from './template.ts'
import { critters } from './words/nature.ts'
import { phrases } from './words/phrases.ts'
import { drawWeather, drawWorld } from './world.ts'

const shortest = 80
const longest = 220

const pools = Object.fromEntries(
  Object.entries({ ...phrases, critter: critters }).map(([name, lines]) => [name, lines.map(parseTemplate)]),
)

/**
 * Short English children's stories without end; the same seed gives the same stories.
 * A story has 80 to 220 words in one to four paragraphs, separated by a newline.
 */
export function* stories(seed: number): Generator<string> {
  for (const { text } of plottedStories(seed)) yield text
}

/** As `stories`, each with the name of the plot that it follows. */
export function* plottedStories(seed: number): Generator<{ plot: string; text: string }> {
  const random = seededRandom(seed)
  while (true) {
    const plot = random.pick(plots)
    const text = tell(plot, random)
    const words = countWords(text)
    if (words >= shortest && words <= longest) yield { plot: plot.name, text }
  }
}

function tell(plot: Plot, random: Random): string {
  const facts = drawWorld(random)
  const telling: Telling = { random, facts, introductions: new Map(), pools, told: new Set() }
  for (const [fact, value] of random.pick(plot.cases)) facts.set(fact, fill(value, telling))
  drawWeather(random, facts)
  telling.introductions.set('friend', facts.get('friendintro')!)

  const paragraphs = plot.paragraphs.map((beats) =>
    beats
      .map((variants) => fill(pickFresh(variants, telling), telling))
      .filter((sentence) => sentence !== '')
      .map(capitalise)
      .join(' '),
  )
  return fixArticles(paragraphs.join('\n'))
}
