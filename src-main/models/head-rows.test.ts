import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createBaseHead } from '../decode/chooser.ts'
import { seededRandom } from '../base/random.ts'
import { temporaryFolder } from '../runs/testing/temporary-folder.ts'
import { openBaseModel } from './base-model.ts'
import { openHeadRows } from './head-rows.ts'
import { withPrecision } from './precision.ts'

const testing = join(import.meta.dirname, 'testing')

/** Largest difference between rows read one by one and the whole head, in units of the logits' spread. */
async function difference(name: string, precision: 'stored' | 'int8' | 'int4'): Promise<number> {
  const stored = await openBaseModel(join(testing, name))
  const model = await withPrecision(stored, precision, 'test', { folder: await temporaryFolder() })
  const { hiddenSize, vocabularySize } = model.architecture
  const random = seededRandom(7)
  const hidden = Float32Array.from({ length: hiddenSize }, () => random.normal())
  const head = await createBaseHead(model)
  const expected = await head.logits(hidden)
  await head.release()
  const rows = openHeadRows(model)
  const tokens = Array.from({ length: vocabularySize }, (_, i) => (7 * i) % vocabularySize)
  const actual = rows.logits(hidden, tokens)
  rows.close()
  const spread = Math.max(...expected) - Math.min(...expected)
  return Math.max(...tokens.map((token, i) => Math.abs(actual[i]! - expected[token]!))) / spread
}

describe('rows of the LM head give the logits of the whole head', () => {
  it.each([
    ['float32, tied', 'gqa-tied'],
    ['bfloat16', 'mqa-bf16'],
    ['float16 in shards', 'fp16-sharded'],
    ['scaled (Granite)', 'granite'],
    ['capped (Gemma 2)', 'gemma2'],
    ['of another name (GPT-NeoX)', 'gpt-neox'],
  ])('%s', async (_, name) => {
    expect(await difference(name, 'stored')).toBeLessThan(1e-6)
  })

  it.each(['int8', 'int4'] as const)(
    'quantised to %s, up to the rounding of activations',
    async (precision) => {
      expect(await difference('gqa-tied', precision)).toBeLessThan(0.01)
      expect(await difference('gpt-neox', precision)).toBeLessThan(0.01)
    },
  )
})
