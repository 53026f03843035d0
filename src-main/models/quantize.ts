import { constant } from '../graph/index.ts'
import type { QuantizedMatrix } from './blocks.ts'

/** Bits of a quantised weight. */
export type Bits = 4 | 8

/**
 * Weights along the inner axis that share a scale. At 4 bits, a model of a billion weights takes 35, 31 and 27 ms a
 * token with blocks of 32, 64 and 128 (0.63, 0.56 and 0.53 bytes a weight), and the sample model's perplexity of
 * 1.4588 rises by 0.22, 0.34 and 0.38 %.
 */
export const blockSize = 64

/**
 * Of a weight in memory: on the processor, floats of every size are computed with as float32 (`bits` null); each
 * quantised block has a float32 scale.
 */
export const bytesPerWeight = (bits: Bits | null) => (bits === null ? 4 : bits / 8 + 4 / blockSize)

/** Bytes of a block of a row. */
const blockBytes = (bits: Bits) => (blockSize * bits) / 8

/** Blocks of a row of `inputs` weights; the last one is filled with zeros. */
export const blocksOf = (inputs: number) => Math.ceil(inputs / blockSize)

/** The bytes and scales of quantised rows. */
export interface QuantizedRows {
  /** [rows, blocks, blockSize · bits / 8]; 4 bits: the first of two weights in the lower half of a byte. */
  readonly packed: Uint8Array
  /** [rows, blocks]. */
  readonly scales: Float32Array
}

/**
 * Rounds rows of weights to integers, block by block, in the layout of onnxruntime's MatMulNBits: weight =
 * scale · (stored − 2^(bits − 1)).
 *
 * At 8 bits the scale puts the largest weight of a block at ± 127. At 4 bits the scale is the one of a few that
 * gives the least squared error, each improved by least squares: the range is −8 … 7, so the largest weight
 * stands at −8, or slightly within or outside of it.
 *
 * @param values float32 [rows, inputs]
 */
export function quantizeRows(values: Float32Array, inputs: number, bits: Bits): QuantizedRows {
  const rows = values.length / inputs
  const blocks = blocksOf(inputs)
  const packed = new Uint8Array(rows * blocks * blockBytes(bits))
  const scales = new Float32Array(rows * blocks)
  const block = new Float32Array(blockSize)
  const quantize = bits === 8 ? quantizeBlock8 : quantizeBlock4
  for (let row = 0, index = 0; row < rows; row++)
    for (let start = 0; start < inputs; start += blockSize, index++) {
      const length = Math.min(blockSize, inputs - start)
      if (length < blockSize) block.fill(0)
      for (let i = 0; i < length; i++) block[i] = values[row * inputs + start + i]!
      scales[index] = quantize(block, packed, index * blockBytes(bits))
    }
  return { packed, scales }
}

/** A matrix [outputs, inputs] quantised as constants of a graph. */
export function quantizedConstant(
  values: Float32Array,
  [outputs, inputs]: readonly [number, number],
  bits: Bits,
): QuantizedMatrix {
  const { packed, scales } = quantizeRows(values, inputs, bits)
  const blocks = blocksOf(inputs)
  return {
    bits,
    blockSize,
    outputs,
    inputs,
    packed: constant(packed, [outputs, blocks, blockBytes(bits)]),
    scales: constant(scales, [outputs, blocks]),
  }
}

/** The weights [inputs] that a quantised row stands for. */
export function dequantizeRow(
  packed: Uint8Array,
  scales: Float32Array,
  inputs: number,
  bits: Bits,
): Float32Array {
  const row = new Float32Array(inputs)
  for (let i = 0; i < inputs; i++) {
    const stored = bits === 8 ? packed[i]! : (packed[i >> 1]! >> (4 * (i & 1))) & 15
    row[i] = scales[Math.floor(i / blockSize)]! * (stored - (1 << (bits - 1)))
  }
  return row
}

/** Writes a block's bytes at `at` and returns its scale. */
function quantizeBlock8(block: Float32Array, packed: Uint8Array, at: number): number {
  let largest = 0
  for (const value of block) largest = Math.max(largest, Math.abs(value))
  const scale = largest / 127
  for (let i = 0; i < blockSize; i++) packed[at + i] = scale === 0 ? 128 : (block[i]! / scale + 128.5) | 0
  return scale
}

/** What the largest weight of a block is put at. */
const extremes = [-8, -7.6, -7.2, -8.5, 7]

function quantizeBlock4(block: Float32Array, packed: Uint8Array, at: number): number {
  let extreme = 0
  for (let i = 0; i < blockSize; i++) if (Math.abs(block[i]!) > Math.abs(extreme)) extreme = block[i]!
  let best = 0
  if (extreme !== 0) {
    let bestGain = -1
    for (const place of extremes) {
      // With q the integers, the best scale is Σ x q / Σ q², and it lowers the error by (Σ x q)² / Σ q².
      const inverse = place / extreme
      let products = 0
      let squares = 0
      for (let i = 0; i < blockSize; i++) {
        const q = toNibble(block[i]! * inverse) - 8
        products += block[i]! * q
        squares += q * q
      }
      const gain = squares === 0 ? 0 : (products * products) / squares
      if (gain > bestGain) {
        bestGain = gain
        best = squares === 0 ? 0 : products / squares
      }
    }
  }
  const inverse = best === 0 ? 0 : 1 / best
  for (let i = 0; i < blockSize; i += 2)
    packed[at + (i >> 1)] = toNibble(block[i]! * inverse) | (toNibble(block[i + 1]! * inverse) << 4)
  return best
}

/** x rounded and kept within −8 … 7, plus 8. Truncation is several times as fast as Math.round. */
function toNibble(x: number): number {
  const shifted = x + 8.5
  return shifted < 0 ? 0 : shifted >= 15 ? 15 : shifted | 0
}
