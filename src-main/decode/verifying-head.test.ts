import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openBaseModel, type BaseModel } from '../models/base-model.ts'
import { modelFolder, sampleModelName } from '../models/model-folder.ts'
import { withPrecision, type Precision } from '../models/precision.ts'
import { createTrunkSession } from '../models/trunk-session.ts'
import { temporaryFolder } from '../runs/testing/temporary-folder.ts'
import { createBaseHead } from './chooser.ts'
import { largestIndex } from './sampling.ts'
import { greedyStates } from './testing/greedy-states.ts'
import { chooseInTurns, tiedStates } from './testing/tied-states.ts'
import { createVerifyingHead } from './verifying-head.ts'

async function openModel(name: string, precision: Precision): Promise<BaseModel> {
  return withPrecision(await openBaseModel(name), precision, 'test', { folder: await temporaryFolder() })
}
const sample = (precision: Precision) => openModel(modelFolder(sampleModelName), precision)
const testModel = (name: string) => join(import.meta.dirname, '..', 'models', 'testing', name)

describe("base mode's choices", () => {
  it.each(['stored', 'int8', 'int4'] as const)(
    "on the sample model's own greedy texts, %s",
    async (precision) => {
      const model = await sample(precision)
      const { hidden, choices } = await greedyStates(model, 2000)
      for (const isPacked of precision === 'stored' ? [false, true] : [false]) {
        const head = await createVerifyingHead(model, { isPacked })
        expect(await chooseInTurns(head, hidden, model.architecture.hiddenSize)).toEqual([...choices])
        console.log(`${precision}: ${choices.length} states, ${head.rescored} scored again`)
        expect(head.rescored).toBeLessThan(0.02 * choices.length)
        await head.release()
      }
    },
  )

  it.each([
    ['sample', 'stored', false],
    ['sample', 'stored', true],
    ['sample', 'int8', false],
    ['sample', 'int4', false],
    // Scaled, and capped.
    ['granite', 'stored', true],
    ['gemma2', 'stored', true],
    ['gemma2', 'int8', false],
    ['mqa-bf16', 'stored', true],
    ['fp16-sharded', 'stored', true],
  ] as const)(
    'where two tokens are equal but for rounding: %s, %s, packed: %s',
    async (name, precision, isPacked) => {
      const model = name === 'sample' ? await sample(precision) : await openModel(testModel(name), precision)
      const d = model.architecture.hiddenSize
      const base = await createBaseHead(model)
      const head = await createVerifyingHead(model, { isPacked })
      const ties = await tiedStates(model, 64)
      const expected: number[] = []
      for (let start = 0; start < ties.length; start += d)
        expected.push(await base.greedy(ties.slice(start, start + d)))
      const together = await base.greedyRows(ties)
      expect(await chooseInTurns(head, ties, d)).toEqual(expected)
      console.log(
        `${name}, ${precision}: of 64 ties ${head.rescored} scored again; several rows alone say otherwise ${expected.filter((token, row) => token !== together[row]).length} times`,
      )
      await Promise.all([base.release(), head.release()])
    },
  )
})

it('scores a row by itself as base mode does, bit for bit', async () => {
  for (const precision of ['stored', 'int8', 'int4'] as const) {
    const model = await sample(precision)
    const trunk = await createTrunkSession(model, { hasHead: true })
    const head = await createVerifyingHead(model)
    const cache = trunk.createCache()
    for (let token = 1; token < 40; token++) {
      const { hidden, baseLogits } = await trunk.forwardLastPosition(Int32Array.of(token), cache, 'logits')
      expect(await head.logits(hidden)).toEqual(baseLogits)
    }
    cache.release()
    await Promise.all([trunk.release(), head.release()])
  }
})

describe('rows that only fill the head up', () => {
  it('are never chosen and have no chance', async () => {
    const model = await sample('stored')
    const { hidden, choices } = await greedyStates(model, 300)
    const d = model.architecture.hiddenSize
    const validTokens = 1000
    const head = await createVerifyingHead(model, { validTokens })
    const chosen = await chooseInTurns(head, hidden, d)
    const whole = await createBaseHead(model)
    const logits = await whole.logits(hidden)
    const size = model.architecture.vocabularySize
    expect(chosen).toEqual(
      Array.from(choices, (_, row) => largestIndex(logits.subarray(row * size, row * size + validTokens))),
    )
    expect(chosen.some((token, row) => token !== choices[row])).toBe(true)
    const masked = await head.logits(hidden.slice(0, 2 * d))
    expect(masked.subarray(validTokens, size).every((logit) => logit === -Infinity)).toBe(true)
    expect(masked.subarray(size, size + validTokens)).toEqual(logits.subarray(size, size + validTokens))
    await Promise.all([head.release(), whole.release()])
  })

  it('must leave two tokens', async () => {
    const model = await sample('stored')
    await expect(createVerifyingHead(model, { validTokens: 1 })).rejects.toThrow(RangeError)
    await expect(createVerifyingHead(model, { validTokens: 4097 })).rejects.toThrow(RangeError)
  })
})
