import { describe, expect, it } from 'vitest'
import { attend, groupHeads, rmsNorm, rotaryAngles, rotate, ungroupHeads } from '../models/blocks.ts'
import { causalMask } from '../runtime/masks.ts'
import { createSession, floatData, floatTensor, int32Tensor, int64Tensor } from '../runtime/session.ts'
import {
  add,
  argMax,
  cast,
  concat,
  constant,
  divide,
  exp,
  expand,
  gatherElements,
  gatherRows,
  gradients,
  GraphError,
  input,
  log,
  logSumExp,
  matmul,
  multiply,
  negate,
  reciprocal,
  reduceMean,
  reduceSum,
  reshape,
  rmsNormalize,
  sigmoid,
  silu,
  slice,
  softmax,
  softmaxCrossEntropy,
  split,
  sqrt,
  subtract,
  sumOfSquares,
  transpose,
  type Value,
} from './index.ts'
import { expectTrueGradients, randomData } from './testing/finite-differences.ts'

const plainRotary = (...frequencies: number[]) => ({
  frequencies: Float32Array.from(frequencies),
  magnitude: 1,
  beyond: null,
})

const positive = [0.5, 2] as const

describe('gradients agree with finite differences', () => {
  const broadcasts: [string, (a: Value, b: Value) => Value][] = [
    ['add', add],
    ['subtract', subtract],
    ['multiply', multiply],
    ['divide', divide],
  ]
  for (const [name, operator] of broadcasts) {
    for (const [a, b] of [
      [
        [2, 3],
        [2, 3],
      ],
      [[2, 3, 4], [4]],
      [
        [2, 3, 4],
        [3, 1],
      ],
      [
        [3, 1],
        [2, 1, 4],
      ],
      [[], [2, 2]],
    ] as const)
      it(`${name} of [${a.join(', ')}] and [${b.join(', ')}]`, () =>
        expectTrueGradients([a, b], (x, y) => operator(x, y), { range: positive }))
  }

  const elementwise: [string, (x: Value) => Value][] = [
    ['negate', negate],
    ['exp', exp],
    ['log', log],
    ['sqrt', sqrt],
    ['reciprocal', reciprocal],
    ['sigmoid', sigmoid],
    ['silu', silu],
    ['softmax', softmax],
    ['logSumExp', logSumExp],
    ['rmsNormalize', (x) => rmsNormalize(x, 1e-5)],
    ['sum of squares', sumOfSquares],
    ['a value used twice', (x) => add(multiply(x, x), x)],
  ]
  for (const [name, operator] of elementwise)
    it(name, () => expectTrueGradients([[3, 5]], (x) => operator(x), { range: positive }))

  it('reductions over some axes, kept and dropped', async () => {
    await expectTrueGradients([[2, 3, 4]], (x) => reduceSum(x, [0, 2]))
    await expectTrueGradients([[2, 3, 4]], (x) => reduceSum(x, [-1], { keepAxes: true }))
    await expectTrueGradients([[2, 3, 4]], (x) => reduceMean(x, [1]))
    await expectTrueGradients([[2, 3, 4]], (x) => reduceMean(x, [0, -1], { keepAxes: true }))
    await expectTrueGradients([[2, 3]], (x) => reduceSum(x))
  })

  it('reshape, transpose, expand', async () => {
    await expectTrueGradients([[2, 3, 4]], (x) => transpose(reshape(x, [6, 2, 2]), [2, 0, 1]))
    await expectTrueGradients([[3, 1]], (x) => expand(x, [2, 3, 4]))
  })

  it('concat, split and slice', async () => {
    await expectTrueGradients(
      [
        [2, 3],
        [2, 1],
        [2, 2],
      ],
      (a, b, c) => concat([a, b, c], 1),
    )
    await expectTrueGradients([[4, 5]], (x) => slice(x, 1, 1, 4))
    await expectTrueGradients([[4, 5]], (x) => {
      const [left, , right] = split(x, -1, [2, 1, 2])
      return multiply(left!, right!)
    })
  })

  for (const transposeA of [false, true])
    for (const transposeB of [false, true]) {
      const shape = (rows: number, columns: number, transposed: boolean) =>
        transposed ? [columns, rows] : [rows, columns]
      const name = `matmul ${transposeA ? 'aᵀ' : 'a'} ${transposeB ? 'bᵀ' : 'b'}`
      it(name, () =>
        expectTrueGradients([shape(3, 4, transposeA), shape(4, 2, transposeB)], (a, b) =>
          matmul(a, b, { transposeA, transposeB }),
        ),
      )
      it(`${name}, batched with broadcast`, () =>
        expectTrueGradients(
          [
            [2, 1, ...shape(3, 4, transposeA)],
            [3, ...shape(4, 2, transposeB)],
          ],
          (a, b) => matmul(a, b, { transposeA, transposeB }),
        ))
    }

  it('rows of a table, some of them more than once', () =>
    expectTrueGradients([[5, 3]], (table) =>
      gatherRows(table, constant(BigInt64Array.of(0n, 4n, 0n, 2n), [2, 2])),
    ))

  it('elements along an axis, some of them more than once', () =>
    expectTrueGradients([[3, 4]], (x) =>
      gatherElements(x, constant(Int32Array.of(0, 0, 3, 1, 2, 2), [3, 2]), 1),
    ))

  it('softmax cross-entropy with ignored rows', () =>
    expectTrueGradients([[4, 5]], (x) =>
      softmaxCrossEntropy(
        x,
        constant(Int32Array.of(1, 4, 0, 2), [4, 1]),
        constant(Float32Array.of(0.5, 0, 0.25, 0.25), [4, 1]),
      ),
    ))

  it('a weighted RMSNorm', () =>
    expectTrueGradients([[3, 4], [4]], (x, w) => rmsNorm(x, w, 1e-5, 'training')))

  it('rotary embedding', () =>
    expectTrueGradients([[1, 3, 2, 4]], (x) =>
      rotate(x, rotaryAngles(constant(BigInt64Array.of(0n, 1n, 7n), [3]), plainRotary(1, 0.1)), 'training'),
    ))

  it('rotary embedding of a part of each head', () =>
    expectTrueGradients([[1, 3, 2, 6]], (x) =>
      rotate(x, rotaryAngles(constant(BigInt64Array.of(0n, 1n, 7n), [3]), plainRotary(1, 0.1)), 'training'),
    ))

  it('causal grouped-query attention', () =>
    expectTrueGradients(
      [
        [2, 3, 4, 4],
        [2, 3, 2, 4],
        [2, 3, 2, 4],
      ],
      (q, k, v) => {
        const mask = constant(causalMask(3), [3, 3])
        const grouped = {
          query: groupHeads(multiply(q, 0.5), 2),
          key: groupHeads(k, 2),
          value: groupHeads(v, 2),
        }
        return ungroupHeads(attend(grouped, mask, null), 2)
      },
    ))
})

describe('gradients', () => {
  it('are zero for a parameter that the loss does not depend on', async () => {
    const [x, unused] = [input('x', [2]), input('unused', [3])]
    const [dx, dUnused] = gradients(sumOfSquares(x), [x, unused])
    const session = await createSession({ dx: dx!, dUnused: dUnused! })
    const results = await session.run({ x: floatTensor(Float32Array.of(1, -2), [2]) })
    expect([...floatData(results['dx'])]).toEqual([2, -4])
    expect([...floatData(results['dUnused'])]).toEqual([0, 0, 0])
  })

  it('refuse a loss that is not a scalar, naming its shape', () => {
    const x = input('x', [2])
    expect(() => gradients(exp(x), [x])).toThrow(new GraphError('gradients: the loss has shape [2], not []'))
  })

  it('refuse a path without a derivative, naming the operator', () => {
    const x = input('x', [2, 3])
    expect(() => gradients(reduceSum(cast(argMax(x), 'float32')), [x])).toThrow(/Cast has no derivative/)
  })

  it('stay finite for logits far apart, and ignore a row of weight 0 whatever it holds', async () => {
    const logits = input('logits', [2, 3])
    const loss = softmaxCrossEntropy(logits, input('targets', [2, 1], 'int32'), input('weights', [2, 1]))
    const session = await createSession({ loss, d: gradients(loss, [logits])[0]! })
    const results = await session.run({
      logits: floatTensor(Float32Array.of(1000, -1000, 0, 3, 4, 5), [2, 3]),
      targets: int32Tensor(Int32Array.of(1, 0), [2, 1]),
      weights: floatTensor(Float32Array.of(1, 0), [2, 1]),
    })
    expect(floatData(results['loss'])[0]).toBe(2000)
    expect([...floatData(results['d'])]).toEqual([1, -1, 0, 0, 0, 0])
  })
})

describe('fused inference operators agree with their differentiable forms', () => {
  it('RMSNorm and rotary embedding', async () => {
    const x = input('x', [2, 3, 4, 8])
    const weight = constant(randomData([8], 5), [8])
    const angles = rotaryAngles(input('positions', [3], 'int64'), plainRotary(1, 0.3, 0.1, 0.03))
    const outputs = Object.fromEntries(
      (['training', 'inference'] as const).flatMap((purpose) => [
        [`norm.${purpose}`, rmsNorm(x, weight, 1e-5, purpose)],
        [`rotated.${purpose}`, rotate(x, angles, purpose)],
      ]),
    )
    const session = await createSession(outputs)
    const results = await session.run({
      x: floatTensor(randomData([2, 3, 4, 8], 6), [2, 3, 4, 8]),
      positions: int64Tensor([0, 5, 900], [3]),
    })
    for (const name of ['norm', 'rotated']) {
      const [slow, fused] = [floatData(results[`${name}.training`]), floatData(results[`${name}.inference`])]
      expect(Math.max(...slow.map((value, i) => Math.abs(value - fused[i]!)))).toBeLessThan(1e-5)
    }
  })
})
