import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { input } from '../graph/index.ts'
import { seededRandom } from '../base/random.ts'
import { temporaryFolder } from '../runs/testing/temporary-folder.ts'
import { createSession, floatData, floatTensor } from '../runtime/session.ts'
import { openBaseModel, type BaseModel } from './base-model.ts'
import { headLogits } from './decoder.ts'
import { withPrecision } from './precision.ts'
import { createRowLogits } from './row-logits.ts'

const testing = join(import.meta.dirname, 'testing')

describe("gathered rows give the head's own logits", () => {
  it.each([
    ['float32, tied', 'gqa-tied', 'stored'],
    ['bfloat16', 'mqa-bf16', 'stored'],
    ['float16 in shards', 'fp16-sharded', 'stored'],
    ['scaled (Granite)', 'granite', 'stored'],
    ['capped (Gemma 2)', 'gemma2', 'stored'],
    ['of another name (GPT-NeoX)', 'gpt-neox', 'stored'],
    ['in int8', 'gqa-tied', 'int8'],
    ['in int8, untied', 'gpt-neox', 'int8'],
    ['in int8, scaled (Granite)', 'granite', 'int8'],
    ['in int4', 'gqa-tied', 'int4'],
    ['in int4, untied', 'gpt-neox', 'int4'],
    ['in int4, capped (Gemma 2)', 'gemma2', 'int4'],
    ['of a GGUF as it is, with minima', 'gguf/llama-q4_1.gguf', 'kept'],
  ] as const)('%s', async (_, name, precision) => {
    const stored = await openBaseModel(join(testing, name))
    const model = await withPrecision(stored, precision, 'test', { folder: await temporaryFolder() })
    const { hiddenSize: d, vocabularySize } = model.architecture
    const random = seededRandom(7)
    const whole = await createWholeHead(model)
    const gathered = createRowLogits(model)
    for (const count of [1, 9, vocabularySize]) {
      const hidden = Float32Array.from({ length: d }, () => random.normal())
      const tokens = Array.from({ length: count }, (_, i) => (7 * i + 3) % vocabularySize)
      const all = await whole.logits(hidden)
      const expected = tokens.map((token) => all[token]!)
      const actual = await gathered.logits(hidden, tokens)
      expect(actual).toHaveLength(count)
      const largest = all.reduce((max, logit) => Math.max(max, Math.abs(logit)), 1)
      actual.forEach((logit, i) => expect(Math.abs(logit - expected[i]!) / largest).toBeLessThan(1e-5))
    }
    await whole.release()
    await gathered.release()
  })

  it('and nothing is loaded that nobody asks for', async () => {
    await createRowLogits(await openBaseModel(join(testing, 'gqa-tied'))).release()
  })
})

async function createWholeHead(model: BaseModel) {
  const d = model.architecture.hiddenSize
  const session = await createSession(
    { logits: headLogits(model.architecture, model.weights, input('hidden', [1, d])) },
    { weightsFolder: model.weights.folder },
  )
  return {
    logits: async (hidden: Float32Array) =>
      floatData((await session.run({ hidden: floatTensor(hidden, [1, d]) }))['logits']),
    release: () => session.release(),
  }
}
