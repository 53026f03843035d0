import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openTokenizer } from '../../src-main/tokenizer/index.ts'
import { llama } from '../../src-main/models/families/llama.ts'
import { floatTensor, int32Tensor, int64Tensor, type Feeds } from '../../src-main/runtime/session.ts'
import { capitalise } from '../stories/english.ts'
import { stories } from '../stories/stories.ts'
import { femaleNames, maleNames } from '../stories/words/characters.ts'

export const folder = import.meta.dirname
const configFile = join(folder, 'config.json')

export const architecture = llama.describe(
  JSON.parse(await readFile(configFile, 'utf8')) as Record<string, unknown>,
  { file: configFile, hasTensor: () => true },
)
const tokenizer = await openTokenizer(folder)

/** Sequences of a batch and tokens of a sequence. */
export const batch = 6
export const tokens = 384
export const rows = batch * tokens

/** How much the prediction of a token counts while training. */
export type TokenWeights = (token: number) => number

export const evenly: TokenWeights = () => 1

/**
 * Names and pronouns count more: they are a small share of a story's tokens, and what a reader notices first
 * when they are wrong.
 */
export function whoIsWho(): TokenWeights {
  const words = [...femaleNames, ...maleNames, 'he', 'him', 'his', 'himself', 'she', 'her', 'herself']
  const tokensOfPeople = new Set(
    words
      .flatMap((word) => [word, ` ${word}`, capitalise(word), ` ${capitalise(word)}`])
      .map((word) => tokenizer.encode(word))
      .filter((ids) => ids.length === 1)
      .flat(),
  )
  return (token) => (tokensOfPeople.has(token) ? 3 : 1)
}

/** Batches without end for `languageModelTrainingGraph`. */
export function* storyBatches(seed: number, weightOf: TokenWeights): Generator<Feeds, never> {
  const windows = storyWindows(seed, tokens + 1)
  for (;;) {
    const inputs = new Int32Array(rows)
    const targets = new Int32Array(rows)
    for (let row = 0; row < batch; row++) {
      const window = windows.next().value
      inputs.set(window.subarray(0, tokens), row * tokens)
      targets.set(window.subarray(1), row * tokens)
    }
    const weights = Float32Array.from(targets, weightOf)
    const total = weights.reduce((a, b) => a + b, 0)
    yield {
      tokens: int64Tensor(inputs, [batch, tokens]),
      targets: int32Tensor(targets, [rows, 1]),
      weights: floatTensor(
        weights.map((weight) => weight / total),
        [rows, 1],
      ),
    }
  }
}

/**
 * Windows of `length` tokens without end, an end-of-text token before each story. A window begins with a whole
 * story, so that nobody appears in it without having been introduced; the rest of its last story is dropped.
 */
function* storyWindows(seed: number, length: number): Generator<Int32Array, never> {
  let window: number[] = []
  for (const story of stories(seed)) {
    window.push(...tokenizer.frame.before, ...tokenizer.encode(story))
    if (window.length < length) continue
    yield Int32Array.from(window.slice(0, length))
    window = []
  }
  throw new Error('the stories have come to an end')
}
