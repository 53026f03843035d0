import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openTokenizer } from '../../src-main/formats/tokenizer.ts'
import { llamaArchitecture, llamaConfigSchema } from '../../src-main/models/llama.ts'
import { floatTensor, int32Tensor, int64Tensor, type Feeds } from '../../src-main/runtime/session.ts'
import { stories } from '../stories/stories.ts'

export const folder = import.meta.dirname
const configFile = join(folder, 'config.json')

export const architecture = llamaArchitecture(
  llamaConfigSchema.parse(JSON.parse(await readFile(configFile, 'utf8'))),
  configFile,
)
const tokenizer = await openTokenizer(folder)

/** Sequences of a batch and tokens of a sequence. */
export const batch = 6
export const tokens = 384
export const rows = batch * tokens

/** Batches without end for `languageModelTrainingGraph`; every token counts alike. */
export function* storyBatches(seed: number): Generator<Feeds, never> {
  const windows = storyWindows(seed, tokens)
  const weights = floatTensor(new Float32Array(rows).fill(1 / rows), [rows, 1])
  for (;;) {
    const inputs = new Int32Array(rows)
    const targets = new Int32Array(rows)
    for (let row = 0; row < batch; row++) {
      const window = windows.next().value
      inputs.set(window.subarray(0, tokens), row * tokens)
      targets.set(window.subarray(1), row * tokens)
    }
    yield { tokens: int64Tensor(inputs, [batch, tokens]), targets: int32Tensor(targets, [rows, 1]), weights }
  }
}

/** Stories without end as one stream of windows of `length` + 1 tokens, an end-of-text token before each story. */
function* storyWindows(seed: number, length: number): Generator<Int32Array, never> {
  let pending: number[] = []
  for (const story of stories(seed)) {
    pending.push(architecture.beginToken!, ...tokenizer.encode(story))
    while (pending.length > length) {
      yield Int32Array.from(pending.slice(0, length + 1))
      pending = pending.slice(length + 1)
    }
  }
  throw new Error('the stories have come to an end')
}
