import { describe, expect, it } from 'vitest'
import { createSession, floatData, floatTensor } from '../runtime/session.ts'
import {
  add,
  addDimensions,
  concat,
  constant,
  elementCount,
  gatherElements,
  input,
  matmul,
  multiply,
  multiplyDimensions,
  reduceSum,
  reshape,
  slice,
  split,
  transpose,
} from './index.ts'

describe('dimensions', () => {
  it('are equal strings when they are equal polynomials', () => {
    expect(multiplyDimensions('tokens', 4)).toBe('4*tokens')
    expect(multiplyDimensions(2, multiplyDimensions('tokens', 2))).toBe('4*tokens')
    expect(addDimensions('tokens', 'capacity')).toBe(addDimensions('capacity', 'tokens'))
    expect(addDimensions(addDimensions('tokens', 1), 'tokens')).toBe('1+2*tokens')
    expect(multiplyDimensions(addDimensions('a', 1), addDimensions('a', 1))).toBe('1+2*a+a*a')
    expect(multiplyDimensions('tokens', 0)).toBe(0)
    expect(elementCount(['tokens', 3, 'tokens'])).toBe('3*tokens*tokens')
  })
})

describe('a wrong shape is an error at the call that makes it', () => {
  const x = input('x', [2, 3])
  it.each([
    ['broadcasting', () => add(x, input('y', [2])), /Add: shapes \[2, 3\] and \[2\] do not broadcast/],
    ['dtypes', () => multiply(x, input('y', [2, 3], 'int32')), /Mul: dtypes float32 and int32 differ/],
    ['inner sizes', () => matmul(x, input('y', [4, 2])), /inner sizes 3 and 4 differ in \[2, 3\] · \[4, 2\]/],
    [
      'inner sizes of a named dimension',
      () => matmul(x, input('y', ['tokens', 2])),
      /inner sizes 3 and tokens/,
    ],
    ['element counts', () => reshape(x, [5]), /\[2, 3\] has not as many elements as \[5\]/],
    ['permutations', () => transpose(x, [0, 0]), /does not permute/],
    ['axes', () => reduceSum(x, [2]), /axis 2 is outside of rank 2/],
    ['joined shapes', () => concat([x, input('y', [3, 3])], 1), /differ in other axes than 1/],
    ['split sizes', () => split(x, 1, [1, 1]), /do not add up/],
    ['slices', () => slice(x, 1, 2, 4), /outside of axis 1/],
    ['indices', () => gatherElements(x, constant(Int32Array.of(0), [1, 1]), 1), /does not index/],
    ['constants', () => constant(new Float32Array(5), [2, 3]), /5 elements do not fill shape \[2, 3\]/],
    [
      'reshape with two unknown sizes',
      () => reshape(input('y', ['a', 'b']), ['b', 'a']),
      /more than one named size/,
    ],
  ])('%s', (_, build, message) => {
    expect(build).toThrow(message)
  })
})

it('one graph runs at several sizes of a named dimension', async () => {
  const x = input('x', ['tokens', 4])
  const halves = reshape(x, ['tokens', 2, 2])
  const session = await createSession({
    y: reshape(transpose(halves, [1, 0, 2]), [multiplyDimensions(2, 'tokens'), 2]),
  })
  for (const tokens of [1, 3]) {
    const data = Float32Array.from({ length: tokens * 4 }, (_, i) => i)
    const { y } = await session.run({ x: floatTensor(data, [tokens, 4]) })
    expect(y!.dims).toEqual([2 * tokens, 2])
    expect([...floatData(y)].slice(0, 2)).toEqual([0, 1])
    expect([...floatData(y)].slice(-2)).toEqual([4 * tokens - 2, 4 * tokens - 1])
  }
})
