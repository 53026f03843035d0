import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createBaseHead } from '../decode/chooser.ts'
import { openBaseModel } from './base-model.ts'
import { createBatchTrunk } from './batch-trunk.ts'

const expectedSchema = z.object({
  tokens: z.array(z.int()),
  prefillLogits: z.array(z.array(z.number())),
})

/** How many tokens a sequence reads in each pass: at once, one by one from the third pass on, in uneven pieces. */
const plans = [
  (length: number, pass: number) => (pass === 0 ? length : 0),
  (_: number, pass: number) => (pass < 2 ? 0 : 1),
  (_: number, pass: number) => [3, 0, 5, 1][pass % 4]!,
]

describe.each([
  'gqa-tied',
  'mqa-bf16',
  'llama3-rope',
  'llama-dynamic',
  'llama-yarn',
  'mistral',
  'gemma2',
  'gemma3',
  'phi3',
  'smollm3',
  'gpt-neox',
  'gpt2',
])("'%s'", (name) => {
  it('gives transformers’ logits for sequences that stand at different places', async () => {
    const folder = join(import.meta.dirname, 'testing', name)
    const { tokens, prefillLogits } = expectedSchema.parse(
      JSON.parse(await readFile(join(folder, 'expected.json'), 'utf8')),
    )
    const model = await openBaseModel(folder)
    const head = await createBaseHead(model)
    const batch = await createBatchTrunk(model, plans.length)
    const caches = batch.createCaches()
    const first = tokens.length - prefillLogits.length
    let compared = 0
    for (let pass = 0; caches.some(({ length }) => length < tokens.length); pass++) {
      const starts = caches.map(({ length }) => length)
      const pieces = plans.map((plan, sequence) => {
        const start = starts[sequence]!
        return Int32Array.from(tokens.slice(start, start + plan(tokens.length, pass)))
      })
      if (pieces.every(({ length }) => length === 0)) continue
      const states = await batch.forward(pieces, caches)
      for (const [sequence, own] of states.entries()) {
        const { length } = pieces[sequence]!
        if (length === 0) continue
        const logits = await head.logits(own.slice())
        const size = logits.length / length
        for (let row = 0; row < length; row++) {
          const reference = prefillLogits[starts[sequence]! + row - first]
          if (!reference) continue
          compared++
          const difference = reference.reduce(
            (max, value, i) => Math.max(max, Math.abs(value - logits[row * size + i]!)),
            0,
          )
          expect(difference).toBeLessThan(1e-3)
        }
      }
    }
    expect(compared).toBe(plans.length * prefillLogits.length)
    await batch.release()
    await head.release()
  })
})
