import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../random.ts'
import { temporaryFolder } from '../runs/testing/temporary-folder.ts'
import { openBaseModel } from './base-model.ts'
import { openHeadRows } from './head-rows.ts'
import { withPrecision } from './precision.ts'
import { createRowLogits } from './row-logits.ts'

const testing = join(import.meta.dirname, 'testing')

describe('gathered rows give the logits that rows read one by one give', () => {
  it.each([
    ['float32, tied', 'gqa-tied', 'stored'],
    ['bfloat16', 'mqa-bf16', 'stored'],
    ['float16 in shards', 'fp16-sharded', 'stored'],
    ['scaled (Granite)', 'granite', 'stored'],
    ['capped (Gemma 2)', 'gemma2', 'stored'],
    ['of another name (GPT-NeoX)', 'gpt-neox', 'stored'],
    ['in int8', 'gqa-tied', 'int8'],
    ['in int8, untied', 'gpt-neox', 'int8'],
    ['in int4', 'gqa-tied', 'int4'],
    ['in int4, untied', 'gpt-neox', 'int4'],
  ] as const)('%s', async (_, name, precision) => {
    const stored = await openBaseModel(join(testing, name))
    const model = await withPrecision(stored, precision, 'test', { folder: await temporaryFolder() })
    const { hiddenSize, vocabularySize } = model.architecture
    const random = seededRandom(7)
    const rows = openHeadRows(model)
    const gathered = createRowLogits(model)
    for (const count of [1, 9, vocabularySize]) {
      const hidden = Float32Array.from({ length: hiddenSize }, () => random.normal())
      const tokens = Array.from({ length: count }, (_, i) => (7 * i + 3) % vocabularySize)
      const expected = rows.logits(hidden, tokens)
      const actual = await gathered.logits(hidden, tokens)
      expect(actual).toHaveLength(count)
      const largest = expected.reduce((max, logit) => Math.max(max, Math.abs(logit)), 1)
      actual.forEach((logit, i) => expect(Math.abs(logit - expected[i]!) / largest).toBeLessThan(1e-5))
    }
    rows.close()
    await gathered.release()
  })

  it('and nothing is loaded that nobody asks for', async () => {
    await createRowLogits(await openBaseModel(join(testing, 'gqa-tied'))).release()
  })
})
