import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openSafetensors, readTensor, readTensorBytes } from '../formats/safetensors.ts'
import { gradients } from '../graph/index.ts'
import { createSession, floatData, floatTensor, int32Tensor, type Feeds } from '../runtime/session.ts'
import { createTrainer, freshState } from '../runtime/trainer/index.ts'
import { tailParameterShapes, type TailShape } from '../models/tail.ts'
import { tailTrainingGraph } from './tail-training.ts'

const testing = join(import.meta.dirname, 'testing')
const caseSchema = z.object({
  d: z.int(),
  blocks: z.array(z.int()),
  k: z.int(),
  alphabet: z.int(),
  tokens: z.int(),
  loss: z.number(),
  trajectory: z.object({
    learningRates: z.object({ adapter: z.array(z.number()), heads: z.array(z.number()) }),
    losses: z.array(z.number()),
    gradientNorms: z.array(z.number()),
  }),
})
const expectedSchema = z.object({ cases: z.record(z.string(), caseSchema) })

const { cases } = expectedSchema.parse(JSON.parse(await readFile(join(testing, 'tail.json'), 'utf8')))
const reference = await openSafetensors(join(testing, 'tail.safetensors'))

async function load(name: string) {
  const expected = cases[name]!
  const shape: TailShape = {
    hiddenSize: expected.d,
    adapterWidths: expected.blocks,
    k: expected.k,
    alphabetSize: expected.alphabet,
  }
  const read = (tensor: string) => readTensor(reference.tensors.get(`${name}.${tensor}`)!)
  const rows = expected.tokens * expected.k
  const symbols = new Int32Array((await readTensorBytes(reference.tensors.get(`${name}.symbols`)!)).buffer)
  const weights = await read('weights')
  const total = weights.reduce((a, b) => a + b, 0)
  const feeds: Feeds = {
    hidden: floatTensor(await read('hidden'), [expected.tokens, expected.d]),
    symbols: int32Tensor(symbols, [rows, 1]),
    weights: floatTensor(
      weights.map((weight) => weight / total),
      [rows, 1],
    ),
  }
  const initial = new Map<string, Float32Array>()
  for (const parameter of tailParameterShapes(shape).keys())
    initial.set(parameter, await read(`parameters.${parameter}`))
  return { expected, shape, feeds, initial, read }
}

const largestDifference = (a: Float32Array, b: Float32Array) =>
  a.reduce((max, x, i) => Math.max(max, Math.abs(x - b[i]!)), 0)

describe.each(Object.keys(cases))("the tail '%s' agrees with PyTorch", (name) => {
  it('in the loss and every gradient', async () => {
    const { expected, shape, feeds, initial, read } = await load(name)
    const { loss, parameters } = tailTrainingGraph(shape, expected.tokens, 'float32')
    const names = [...parameters.keys()]
    const derivatives = gradients(
      loss,
      names.map((parameter) => parameters.get(parameter)!.value),
    )
    const session = await createSession({
      loss,
      ...Object.fromEntries(names.map((parameter, i) => [`d.${parameter}`, derivatives[i]!])),
    })
    const shapes = tailParameterShapes(shape)
    const results = await session.run({
      ...feeds,
      ...Object.fromEntries(
        names.map((parameter) => [parameter, floatTensor(initial.get(parameter)!, shapes.get(parameter)!)]),
      ),
    })
    expect(floatData(results['loss'])[0]).toBeCloseTo(expected.loss, 5)
    for (const parameter of names)
      expect(
        largestDifference(floatData(results[`d.${parameter}`]), await read(`gradients.${parameter}`)),
      ).toBeLessThan(1e-6)
  })

  it('in twelve clipped AdamW steps with a schedule: losses, gradient norms and final parameters', async () => {
    const { expected, shape, feeds, initial, read } = await load(name)
    const trainer = await createTrainer(
      tailTrainingGraph(shape, expected.tokens, 'float32'),
      freshState(initial),
      {
        device: 'cpu',
        beta1: 0.9,
        beta2: 0.98,
        epsilon: 1e-8,
        weightDecay: 0.01,
        maxGradientNorm: 1,
      },
    )
    const { learningRates, losses, gradientNorms } = expected.trajectory
    for (const [step, loss] of losses.entries()) {
      const result = await trainer.step(feeds, {
        adapter: learningRates.adapter[step]!,
        heads: learningRates.heads[step]!,
      })
      expect(result.loss).toBeCloseTo(loss, 4)
      expect(result.gradientNorm).toBeCloseTo(gradientNorms[step]!, 4)
    }
    const { step, tensors } = await trainer.state()
    expect(step).toBe(12)
    for (const [parameter, { parameter: data }] of tensors)
      expect(largestDifference(data, await read(`final.${parameter}`))).toBeLessThan(2e-5)
  })
})
