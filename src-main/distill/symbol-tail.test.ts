import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openSafetensors, readTensor, readTensorBytes } from '../formats/safetensors.ts'
import { gradients } from '../graph/index.ts'
import { tailParameterShapes, type TailShape } from '../models/tail.ts'
import { seededRandom } from '../base/random.ts'
import { createSession, floatData, floatTensor, int32Tensor } from '../runtime/session.ts'
import {
  drawsPerPosition,
  emptyTargets,
  setTargets,
  vocabularyGroups,
  type Objective,
} from './position-targets.ts'
import { symbolTrainingGraph } from './symbol-training.ts'

const testing = join(import.meta.dirname, 'testing')
const expected = z
  .object({
    tokens: z.int(),
    d: z.int(),
    blocks: z.array(z.int()),
    k: z.int(),
    alphabet: z.int(),
    vocabulary: z.int(),
    divergence: z.number(),
    loss: z.number(),
  })
  .parse(JSON.parse(await readFile(join(testing, 'symbol-tail.json'), 'utf8')))
const reference = await openSafetensors(join(testing, 'symbol-tail.safetensors'))
const read = (name: string) => readTensor(reference.tensors.get(name)!)
const readInts = async (name: string) =>
  new Int32Array((await readTensorBytes(reference.tensors.get(name)!)).buffer)

const { tokens, d, k, alphabet, vocabulary } = expected
const shape: TailShape = {
  hiddenSize: d,
  adapterWidths: expected.blocks,
  k,
  alphabetSize: alphabet,
  hasBias: true,
}
const groupOf = await readInts('group')
const groups = vocabularyGroups({ firstSymbol: groupOf }, alphabet)

/** The base model's distribution at each position, in float64. */
async function baseDistributions() {
  const [head, hidden] = [await read('head'), await read('hidden')]
  return Array.from({ length: tokens }, (_, row) => {
    const logits = Float64Array.from({ length: vocabulary }, (_, token) => {
      let sum = 0
      for (let i = 0; i < d; i++) sum += head[token * d + i]! * hidden[row * d + i]!
      return sum
    })
    const best = Math.max(...logits)
    const logNormalizer = best + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - best), 0))
    return {
      probabilities: Float32Array.from(logits, (logit) => Math.exp(logit - logNormalizer)),
      logNormalizer,
      choice: logits.indexOf(best),
    }
  })
}

async function targetsOf(objective: Objective) {
  const targets = emptyTargets(tokens, alphabet)
  const random = seededRandom(1)
  for (const [position, base] of (await baseDistributions()).entries())
    setTargets(targets, position, groups, base, { objective, random })
  return targets
}

async function runGraph(
  targets: Awaited<ReturnType<typeof targetsOf>>,
  own: TailShape = shape,
  biasShift = 0,
) {
  const { loss, parameters, metrics } = symbolTrainingGraph(own, tokens, 'float32')
  const names = [...parameters.keys()]
  const derivatives = gradients(
    loss,
    names.map((name) => parameters.get(name)!.value),
  )
  const session = await createSession({
    loss,
    divergence: metrics!['divergence']!,
    correct: metrics!['correct']!,
    ...Object.fromEntries(names.map((name, i) => [`d.${name}`, derivatives[i]!])),
  })
  const weights = floatTensor(await read('weights'), [tokens * k, 1])
  const shapes = tailParameterShapes(shape)
  const ofParameters = await Promise.all(
    names.map(async (name) => {
      const values = await read(`parameters.${name}`)
      // Of the first head.
      if (name === 'heads.bias') for (let i = 0; i < alphabet; i++) values[i]! += biasShift
      return [name, floatTensor(values, shapes.get(name)!)] as const
    }),
  )
  const results = await session.run({
    hidden: floatTensor(await read('hidden'), [tokens, d]),
    firstTargets: floatTensor(targets.first, [tokens, alphabet]),
    exactLogSum: floatTensor(targets.exactLogSum, [tokens, 1]),
    offset: floatTensor(targets.offset, [tokens, 1]),
    symbols: int32Tensor(await readInts('symbols'), [tokens * k, 1]),
    weights,
    counted: weights,
    ...Object.fromEntries(ofParameters),
  })
  return { names, results }
}

describe('a tail with token symbols agrees with PyTorch', () => {
  it("in the base model's probabilities of each first symbol", async () => {
    const { first } = await targetsOf('soft')
    const aggregated = await read('aggregated')
    first.forEach((mass, i) => expect(mass).toBeCloseTo(aggregated[i]!, 6))
  })

  it('in the divergence, the loss and every gradient', async () => {
    const { names, results } = await runGraph(await targetsOf('soft'))
    expect(floatData(results['divergence'])[0]).toBeCloseTo(expected.divergence, 5)
    expect(floatData(results['loss'])[0]).toBeCloseTo(expected.loss, 5)
    expect(names).toContain('heads.bias')
    for (const name of names) {
      const gradient = await read(`gradients.${name}`)
      floatData(results[`d.${name}`]).forEach((value, i) => expect(value).toBeCloseTo(gradient[i]!, 5))
    }
  })
})

it('learns anchored scores as others whose bias has the anchor’s part of the exact log-sum', async () => {
  const targets = await targetsOf('soft')
  const [anchor, logSum] = [0.5, 3]
  targets.exactLogSum.fill(logSum)
  const anchored = await runGraph(targets, { ...shape, anchor })
  const shifted = await runGraph(targets, shape, anchor * logSum)
  const unshifted = await runGraph(targets)
  const lossOf = ({ results }: typeof anchored) => floatData(results['loss'])[0]!
  expect(lossOf(anchored)).toBeCloseTo(lossOf(shifted), 5)
  expect(Math.abs(lossOf(anchored) - lossOf(unshifted))).toBeGreaterThan(0.01)
  for (const name of anchored.names) {
    const expectedGradient = floatData(shifted.results[`d.${name}`])
    floatData(anchored.results[`d.${name}`]).forEach((value, i) =>
      expect(value).toBeCloseTo(expectedGradient[i]!, 5),
    )
  }
})

it('learns the choice alone by the hard objective: its cross-entropy', async () => {
  const targets = await targetsOf('hard')
  const { results } = await runGraph(targets)
  const distributions = await baseDistributions()
  // The same scores as PyTorch's, since nothing but the target differs: only that the entropy of the target is 0.
  expect(floatData(results['divergence'])[0]).toBeGreaterThan(0)
  distributions.forEach(({ choice }, row) => {
    const masses = targets.first.subarray(row * alphabet, (row + 1) * alphabet)
    const group = groupOf[choice]!
    expect([...masses]).toEqual(Array.from({ length: alphabet }, (_, i) => (i === group ? 1 : 0)))
    const draws = targets.draws.subarray(row * drawsPerPosition, (row + 1) * drawsPerPosition)
    expect([...draws]).toEqual(Array(drawsPerPosition).fill(group >= 0 ? choice : -1))
  })
})

it('draws tokens without a symbol as often as the base model would', async () => {
  const [base] = await baseDistributions()
  const random = seededRandom(3)
  const counts = new Float64Array(vocabulary)
  const rounds = 10_000
  const targets = emptyTargets(1, alphabet)
  for (let round = 0; round < rounds; round++) {
    setTargets(targets, 0, groups, base!, { objective: 'soft', random })
    for (const token of targets.draws) counts[token]!++
  }
  const spelled = base!.probabilities.reduce(
    (sum, share, token) => sum + (groupOf[token]! < 0 ? 0 : share),
    0,
  )
  let statistic = 0
  let cells = 0
  base!.probabilities.forEach((share, token) => {
    if (groupOf[token]! < 0) {
      expect(counts[token]).toBe(0)
      return
    }
    const wanted = (share / spelled) * rounds * drawsPerPosition
    if (wanted < 5) return
    statistic += (counts[token]! - wanted) ** 2 / wanted
    cells++
  })
  // The 99.9th percentile of χ² with 27 degrees of freedom is 55.5.
  expect(cells).toBeGreaterThan(10)
  expect(statistic).toBeLessThan(56)
})
