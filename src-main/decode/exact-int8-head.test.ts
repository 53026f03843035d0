import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openBaseModel, type BaseModel } from '../models/base-model.ts'
import { openHeadRows } from '../models/head-rows.ts'
import { modelFolder, sampleModelName } from '../models/model-folder.ts'
import { inPrecision, withPrecision } from '../models/precision.ts'
import { seededRandom } from '../base/random.ts'
import { temporaryFolder } from '../runs/testing/temporary-folder.ts'
import { createBaseHead } from './chooser.ts'
import { createExactInt8Head } from './exact-int8-head.ts'
import { createBoundSession } from './int8-bounds.ts'
import { columnsOfNumbers, readInt8Rows } from './int8-rows.ts'
import { encodeStates } from './int8-states.ts'
import { greedyStates } from './testing/greedy-states.ts'
import { chooseInTurns, tiedStates } from './testing/tied-states.ts'

const open = (name: string) =>
  openBaseModel(
    name === 'sample'
      ? modelFolder(sampleModelName)
      : join(import.meta.dirname, '..', 'models', 'testing', name),
  )

/** Products of a state with all rows of the head, in float64. */
function products(model: BaseModel, state: Float32Array): number[] {
  const { hiddenSize: d, vocabularySize } = model.architecture
  const rows = openHeadRows(model)
  const weights = rows.read(Array.from({ length: vocabularySize }, (_, token) => token))
  rows.close()
  return Array.from({ length: vocabularySize }, (_, token) =>
    state.reduce((sum, value, i) => sum + value * weights[token * d + i]!, 0),
  )
}

const split = (hidden: Float32Array, d: number) =>
  Array.from({ length: hidden.length / d }, (_, row) => hidden.slice(row * d, (row + 1) * d))

it.each([
  ['stored', 'as own head'],
  ['stored', 'exact'],
  ['int8', 'as own head'],
  ['int4', 'as own head'],
] as const)(
  "chooses what base mode does on the sample model's own greedy texts: %s, ties: %s",
  async (precision, ties) => {
    const model = await withPrecision(await open('sample'), precision, 'test', {
      folder: await temporaryFolder(),
    })
    const d = model.architecture.hiddenSize
    const { hidden, choices } = await greedyStates(model, 1500)
    const head = await createExactInt8Head(model, { ties, typical: hidden.slice(0, 32 * d) })
    expect(await chooseInTurns(head, hidden, model.architecture.hiddenSize)).toEqual([...choices])
    console.log(
      `${choices.length} states: ${head.rowsPerState.toFixed(2)} rows a state, ${head.rescored} scored again`,
    )
    expect(head.rowsPerState).toBeLessThan(4)
    expect(head.rescored).toBeLessThan(0.01 * choices.length)
    await head.release()
  },
)

describe('where two tokens are equal but for rounding', () => {
  it.each(['sample', 'granite', 'gemma2', 'mqa-bf16', 'fp16-sharded'])('%s', async (name) => {
    const model = await open(name)
    const d = model.architecture.hiddenSize
    const hidden = await tiedStates(model, 48)
    const states = split(hidden, d)
    const base = await createBaseHead(model)
    const asBase: number[] = []
    for (const state of states) asBase.push(await base.greedy(state))
    const asFloat = await createExactInt8Head(model)
    expect(await chooseInTurns(asFloat, hidden, d)).toEqual(asBase)
    expect(asFloat.rescored).toBeGreaterThan(40)

    const exact = await createExactInt8Head(model, { ties: 'exact' })
    const all = states.map((state) => products(model, state))
    const largest = all.map((own) => own.indexOf(Math.max(...own)))
    expect(await chooseInTurns(exact, hidden, d)).toEqual(largest)
    for (const [row, state] of states.slice(0, 8).entries())
      expect((await exact.choices(state))[0]).toBe(largest[row])
    expect(exact.rescored).toBe(0)
    await Promise.all([base.release(), asFloat.release(), exact.release()])
  })
})

describe('bounds', () => {
  it.each(['sample', 'mqa-bf16'])('are above every product and close to it: %s', async (name) => {
    const model = await open(name)
    const { hiddenSize: d, vocabularySize } = model.architecture
    const random = seededRandom(3)
    const normal = () => Float32Array.from({ length: d }, () => random.normal())
    const copy = await readInt8Rows(model, vocabularySize, columnsOfNumbers(normal(), d))
    const largestNorm = Math.max(...copy.weightNorms)
    const session = await createBoundSession(copy, {})
    // Also with a number that is much larger than the others, tiny, and huge.
    const states = [normal(), normal(), normal(), normal()]
    states[1]![3] = 60
    states[2] = states[2]!.map((value) => 1e-30 * value)
    states[3] = states[3]!.map((value) => 1e20 * value)
    for (const [index, state] of states.entries()) {
      const expected = products(model, state)
      const norm = Math.hypot(...state) * largestNorm
      for (const { token, bound } of await session.all(encodeStates(state, d, copy), () => true)) {
        expect(bound).toBeGreaterThanOrEqual(expected[token]!)
        // The larger the largest number, the coarser are the others.
        expect(bound - expected[token]!).toBeLessThan((index === 1 ? 0.12 : 0.03) * norm)
      }
    }
    await session.release()
  })

  it('are the same for one state and for several', async () => {
    const model = await open('sample')
    const { hiddenSize: d, vocabularySize } = model.architecture
    const random = seededRandom(4)
    const hidden = Float32Array.from({ length: 16 * d }, () => random.normal())
    const copy = await readInt8Rows(model, vocabularySize, columnsOfNumbers(hidden, d))
    const session = await createBoundSession(copy, {})
    const together = await session.best(encodeStates(hidden, d, copy))
    // The integers are the same; what they are multiplied with at the end may be fused otherwise, in the last bit.
    for (const [row, state] of split(hidden, d).entries()) {
      const alone = (await session.best(encodeStates(state, d, copy)))[0]!
      expect(alone.map(({ token }) => token)).toEqual(together[row]!.map(({ token }) => token))
      for (const [i, { bound }] of alone.entries())
        expect(Math.abs(bound / together[row]![i]!.bound - 1)).toBeLessThan(1e-6)
    }
    await session.release()
  })
})

it('asks for all bounds where many tokens are equal', async () => {
  const model = await open('sample')
  const head = await createExactInt8Head(model, { ties: 'exact' })
  const nothing = new Float32Array(model.architecture.hiddenSize)
  expect([...(await head.choices(nothing))]).toEqual([0])
  expect(head.rowsPerState).toBeGreaterThan(4000)
  await head.release()
})

it('gives a state that is not finite to the float head', async () => {
  const model = await open('sample')
  const d = model.architecture.hiddenSize
  const head = await createExactInt8Head(model)
  const float = await createBaseHead(model)
  for (const value of [NaN, Infinity]) {
    const state = new Float32Array(d).fill(1).with(5, value)
    const rows = new Float32Array(2 * d).fill(1)
    rows.set(state)
    const [broken, whole] = await head.choices(rows)
    expect([broken, whole]).toEqual([
      await float.greedy(state),
      await float.greedy(new Float32Array(d).fill(1)),
    ])
  }
  await Promise.all([head.release(), float.release()])
})

it('leaves out rows that only fill the head up', async () => {
  const model = await open('sample')
  const { hiddenSize: d, vocabularySize } = model.architecture
  const { hidden } = await greedyStates(model, 300)
  const head = await createExactInt8Head(model, { validTokens: 1000 })
  const expected = split(hidden, d).map((state) => {
    const own = products(model, state).slice(0, 1000)
    return own.indexOf(Math.max(...own))
  })
  expect(await chooseInTurns(head, hidden, d)).toEqual(expected)
  const logits = await head.logits(hidden.slice(0, d))
  expect(logits.length).toBe(vocabularySize)
  expect(logits[1000]).toBe(-Infinity)
  await head.release()
})

it('is made of a GGUF’s own blocks as of the floats that they stand for', async () => {
  const path = join(import.meta.dirname, '..', 'models', 'testing', 'gguf', 'llama-q4_1.gguf')
  const model = await inPrecision(await openBaseModel(path), 'stored', { folder: await temporaryFolder() })
  const d = model.architecture.hiddenSize
  const random = seededRandom(8)
  const hidden = Float32Array.from({ length: 64 * d }, () => random.normal())
  const float = await createBaseHead(model)
  // The float head that it is given stays open.
  const ownHead = {
    choices: (states: Float32Array) => float.greedyRows(states),
    logits: (states: Float32Array) => float.logits(states),
  }
  const head = await createExactInt8Head(model, { ownHead })
  expect(await chooseInTurns(head, hidden, d)).toEqual([...(await float.greedyRows(hidden))])
  await head.release()
  expect(await float.greedy(hidden.slice(0, d))).toBeTypeOf('number')
  await float.release()
})

it('gives numbers that are large more columns, and one to each at least', () => {
  const d = 60
  const typical = Float32Array.from({ length: 3 * d }, (_, i) => (i % d === 7 ? -40 : i % d === 9 ? 6 : 1))
  const columns = columnsOfNumbers(typical, d)
  expect(columns.reduce((sum, count) => sum + count, 0)).toBe(d + d / 6)
  expect(columns[7]).toBe(10)
  expect(columns[9]).toBe(2)
  expect([...columns].filter((count) => count === 1)).toHaveLength(d - 2)
  expect([...columnsOfNumbers(new Float32Array(0), d)]).toEqual(Array<number>(d).fill(1))
})

it('refuses blocks with minima, and a head without two tokens', async () => {
  const model = await withPrecision(await open('sample'), 'int8', 'test', { folder: await temporaryFolder() })
  const matrix = (name: string) => {
    const found = model.weights.matrix(name)
    return 'bits' in found ? { ...found, minima: found.scales } : found
  }
  await expect(createExactInt8Head({ ...model, weights: { ...model.weights, matrix } })).rejects.toThrow(
    TypeError,
  )
  await expect(createExactInt8Head(await open('sample'), { validTokens: 1 })).rejects.toThrow(RangeError)
})
