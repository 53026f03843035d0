import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openSafetensors, readTensor, readTensorBytes } from '../formats/safetensors.ts'
import { attend, groupHeads, rmsNorm, rotaryAngles, rotate, ungroupHeads } from '../models/blocks.ts'
import { causalMask } from '../runtime/masks.ts'
import { createSession, floatData, floatTensor } from '../runtime/session.ts'
import {
  add,
  concat,
  constant,
  divide,
  gatherRows,
  gradients,
  input,
  logSumExp,
  matmul,
  multiply,
  reduceMean,
  reduceSum,
  reshape,
  silu,
  slice,
  softmax,
  softmaxCrossEntropy,
  transpose,
  type Value,
} from './index.ts'

const { tensors } = await openSafetensors(join(import.meta.dirname, 'testing/ops.safetensors'))
const entry = (name: string) => {
  const found = tensors.get(name)
  if (!found) throw new Error(`the reference file has no ${name}`)
  return found
}
const int32 = async (name: string) => new Int32Array((await readTensorBytes(entry(name))).buffer)

/** Builds a piece with our operators and compares output and input gradients with PyTorch's. */
async function expectAgreement(
  name: string,
  inputNames: readonly string[],
  build: (...inputs: Value[]) => Value,
) {
  const inputs = inputNames.map((input_) => input(input_, entry(`${name}.${input_}`).shape))
  const output = build(...inputs)
  expect(output.shape).toEqual(entry(`${name}.output`).shape)
  const cotangent = constant(await readTensor(entry(`${name}.cotangent`)), output.shape)
  const derivatives = gradients(reduceSum(multiply(output, cotangent)), inputs)
  const session = await createSession({
    output,
    ...Object.fromEntries(inputNames.map((input_, i) => [`gradient.${input_}`, derivatives[i]!])),
  })
  const feeds: Record<string, ReturnType<typeof floatTensor>> = {}
  for (const input_ of inputNames)
    feeds[input_] = floatTensor(
      await readTensor(entry(`${name}.${input_}`)),
      entry(`${name}.${input_}`).shape,
    )
  const results = await session.run(feeds)
  for (const result of ['output', ...inputNames.map((input_) => `gradient.${input_}`)]) {
    const expected = await readTensor(entry(`${name}.${result}`))
    const actual = floatData(results[result])
    const difference = expected.reduce((max, value, i) => Math.max(max, Math.abs(value - actual[i]!)), 0)
    expect(difference, `${name}: ${result}`).toBeLessThan(1e-5)
  }
  await session.release()
}

const rotary = (headSize: number) => ({
  frequencies: Float32Array.from({ length: headSize / 2 }, (_, i) => 10_000 ** ((-2 * i) / headSize)),
  magnitude: 1,
  beyond: null,
})
const positions = (count: number) =>
  constant(
    BigInt64Array.from({ length: count }, (_, i) => BigInt(i)),
    [count],
  )

it.each([
  ['addColumn', add],
  ['addRow', add],
  ['multiplyColumn', multiply],
  ['multiplyRow', multiply],
  ['divideColumn', divide],
  ['divideRow', divide],
] as const)('%s agrees with PyTorch', (name, operator) =>
  expectAgreement(name, ['a', 'b'], (a, b) => operator(a, b)),
)

it('broadcast division of the smaller by the larger', () =>
  expectAgreement('divideColumnBy', ['a', 'b'], (a, b) => divide(a, b)))
it('softmax', () => expectAgreement('softmax', ['x'], (x) => softmax(x)))
it('log-sum-exp', () => expectAgreement('logSumExp', ['x'], (x) => logSumExp(x)))
it('SiLU', () => expectAgreement('silu', ['x'], (x) => silu(x)))
it('weighted RMSNorm', () =>
  expectAgreement('rmsNorm', ['x', 'weight'], (x, w) => rmsNorm(x, w, 1e-6, 'training')))
it('reductions', async () => {
  await expectAgreement('sum', ['x'], (x) => reduceSum(x, [0, 2]))
  await expectAgreement('sumKeep', ['x'], (x) => reduceSum(x, [0, 2], { keepAxes: true }))
  await expectAgreement('mean', ['x'], (x) => reduceMean(x, [0, 2]))
  await expectAgreement('meanKeep', ['x'], (x) => reduceMean(x, [0, 2], { keepAxes: true }))
})
it('batched matrix product with broadcast', () =>
  expectAgreement('matmul', ['a', 'b'], (a, b) => matmul(a, b)))
it('embedding with repeated rows', async () => {
  const { shape } = entry('embedding.indices')
  const indices = constant(await int32('embedding.indices'), shape)
  await expectAgreement('embedding', ['table'], (table) => gatherRows(table, indices))
})
it('concat, slice and transpose', () =>
  expectAgreement('rearrange', ['a', 'b'], (a, b) => transpose(slice(concat([a, b], 1), 1, 1, 4), [2, 0, 1])))
it('softmax cross-entropy with ignored rows', async () => {
  const targets = await int32('crossEntropy.targets')
  const counted = targets.filter((target) => target >= 0).length
  const column = [targets.length, 1]
  await expectAgreement('crossEntropy', ['logits'], (logits) =>
    softmaxCrossEntropy(
      logits,
      constant(
        targets.map((target) => Math.max(0, target)),
        column,
      ),
      constant(
        Float32Array.from(targets, (target) => (target >= 0 ? 1 / counted : 0)),
        column,
      ),
    ),
  )
})

/** [batch, heads, tokens, headSize] ↔ [batch, tokens, heads, headSize]. */
const swapHeads = (x: Value) => transpose(x, [0, 2, 1, 3])

it('rotary embedding', () =>
  expectAgreement('rotary', ['x'], (x) =>
    swapHeads(rotate(swapHeads(x), rotaryAngles(positions(6), rotary(8)), 'training')),
  ))
it('causal grouped-query attention with rotary embedding', () =>
  expectAgreement('attention', ['query', 'key', 'value'], (query, key, value) => {
    const angles = rotaryAngles(positions(6), rotary(8))
    const rotated = (x: Value) => groupHeads(rotate(swapHeads(x), angles, 'training'), 2)
    const grouped = {
      query: rotated(multiply(query, 1 / Math.sqrt(8))),
      key: rotated(key),
      value: groupHeads(swapHeads(value), 2),
    }
    const mask = constant(causalMask(6), [6, 6])
    const attended = attend(grouped, mask, null)
    return swapHeads(reshape(ungroupHeads(attended, 2), [2, 6, 4, 8]))
  }))
