import { describe, expect, it } from 'vitest'
import { constant, input } from '../graph/index.ts'
import { seededRandom } from '../base/random.ts'
import { createSession, floatData, floatTensor } from '../runtime/session.ts'
import { linear } from './blocks.ts'
import { blockBytes, blockSizeOf, blocksOf, quantizeRows, type Bits, type QuantizedRows } from './quantize.ts'

const random = seededRandom(1)
const normal = (count: number) => Float32Array.from({ length: count }, () => random.normal())

/** The formula of onnxruntime's MatMulNBits, written down once more. */
function dequantize(
  { packed, scales }: QuantizedRows,
  rows: number,
  inputs: number,
  bits: Bits,
): Float32Array {
  const blocks = blocksOf(bits, inputs)
  const blockSize = blockSizeOf(bits, inputs)
  return Float32Array.from({ length: rows * inputs }, (_, index) => {
    const [row, column] = [Math.floor(index / inputs), index % inputs]
    const block = row * blocks + Math.floor(column / blockSize)
    const at = column % blockSize
    const stored =
      bits === 8
        ? packed[block * blockSize + at]!
        : (packed[(block * blockSize) / 2 + (at >> 1)]! >> (4 * (at & 1))) & 15
    return scales[block]! * (stored - 2 ** (bits - 1))
  })
}

function relativeError(actual: Float32Array, expected: Float32Array): number {
  let difference = 0
  let size = 0
  expected.forEach((value, i) => {
    difference += (actual[i]! - value) ** 2
    size += value ** 2
  })
  return Math.sqrt(difference / size)
}

describe.each([4, 8] as const)('%i bits', (bits) => {
  it('stay close to normally distributed weights', () => {
    const weights = normal(64 * 96)
    const restored = dequantize(quantizeRows(weights, 96, bits), 64, 96, bits)
    // The least error of 16 evenly spaced levels at a normal distribution is 0.107 (Max 1960, table 2); blocks
    // of 64 with a scale of their own are better.
    expect(relativeError(restored, weights)).toBeLessThan(bits === 4 ? 0.09 : 0.006)
  })

  it('restore weights that are multiples of one number exactly', () => {
    const levels = 2 ** bits
    const weights = Float32Array.from(
      { length: 64 },
      (_, i) => 0.25 * ((i % (levels - 1)) - (levels / 2 - 1)),
    )
    weights[5] = -0.25 * (levels / 2 - 1)
    weights[40] = -0.25 * (levels / 2 - 1)
    expect(relativeError(dequantize(quantizeRows(weights, 64, bits), 1, 64, bits), weights)).toBeLessThan(
      bits === 4 ? 0.07 : 1e-6,
    )
  })

  it('keep zeros, and one large weight beside small ones', () => {
    const blockSize = blockSizeOf(bits, 256)
    const weights = new Float32Array(2 * blockSize)
    weights[3] = -50
    weights[9] = 0.5
    const restored = dequantize(quantizeRows(weights, 2 * blockSize, bits), 1, 2 * blockSize, bits)
    expect(restored[3]).toBeCloseTo(-50, 4)
    expect(restored.subarray(blockSize)).toEqual(new Float32Array(blockSize))
    expect(restored.every(Number.isFinite)).toBe(true)
  })

  it.each([
    ['fills its blocks', 256],
    ["doesn't fill its last block", 80],
  ])('multiply in onnxruntime as the formula says where a row %s', async (_, inputs) => {
    const outputs = 48
    const rows = quantizeRows(normal(outputs * inputs), inputs, bits)
    const blocks = blocksOf(bits, inputs)
    const x = normal(3 * inputs)
    const session = await createSession({
      y: linear(input('x', [3, inputs]), {
        bits,
        blockSize: blockSizeOf(bits, inputs),
        outputs,
        inputs,
        packed: constant(rows.packed, [outputs, blocks, blockBytes(bits, inputs)]),
        scales: constant(rows.scales, [outputs, blocks]),
      }),
    })
    const actual = floatData((await session.run({ x: floatTensor(x, [3, inputs]) }))['y'])
    const weights = dequantize(rows, outputs, inputs, bits)
    const expected = Float32Array.from({ length: 3 * outputs }, (_, i) => {
      const [row, output] = [Math.floor(i / outputs), i % outputs]
      let sum = 0
      for (let j = 0; j < inputs; j++) sum += x[row * inputs + j]! * weights[output * inputs + j]!
      return sum
    })
    // Activations are rounded to 8 bits.
    expect(relativeError(actual, expected)).toBeLessThan(0.01)
  })
})
