import { constant } from '../graph/index.ts'
import type { QuantizedMatrix } from './blocks.ts'

/** Bits of a quantised weight. */
export type Bits = 4 | 8

/**
 * Weights along the inner axis that share a scale, at most. At 4 bits, a model of a billion weights takes 35, 31 and
 * 27 ms a token with blocks of 32, 64 and 128 (0.63, 0.56 and 0.53 bytes a weight), and the sample model's perplexity of
 * 1.4588 rises by 0.22, 0.34 and 0.38 %. At 8 bits blocks of 128 are a seventh faster than those of 64, at the same
 * perplexity.
 */
const largestBlock: Readonly<Record<Bits, number>> = { 4: 64, 8: 128 }

/** Weights of a row of `inputs` that share a scale: onnxruntime's blocks are powers of two, and no row is filled up much. */
export const blockSizeOf = (bits: Bits, inputs: number) =>
  inputs % largestBlock[bits] === 0 ? largestBlock[bits] : 64

/**
 * Of a weight in memory: on the CPU, floats of every size are computed with as float32 (`bits` null); each
 * quantised block has a float32 scale.
 *
 * @param inputs of a row
 */
export const bytesPerWeight = (bits: Bits | null, inputs: number) =>
  bits === null ? 4 : bits / 8 + 4 / blockSizeOf(bits, inputs)

/** Blocks of a row of `inputs` weights; the last one is filled with zeros. */
export const blocksOf = (bits: Bits, inputs: number) => Math.ceil(inputs / blockSizeOf(bits, inputs))

/** Bytes of a block of a row. */
export const blockBytes = (bits: Bits, inputs: number) => (blockSizeOf(bits, inputs) * bits) / 8

/** The bytes and scales of quantised rows. */
export interface QuantizedRows {
  /** [rows, blocks, bytes of a block]; 4 bits: the first of two weights in the lower half of a byte. */
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
  const blocks = blocksOf(bits, inputs)
  const blockSize = blockSizeOf(bits, inputs)
  const bytes = blockBytes(bits, inputs)
  const packed = new Uint8Array(rows * blocks * bytes)
  const scales = new Float32Array(rows * blocks)
  const block = new Float32Array(blockSize)
  const quantize = bits === 8 ? quantizeBlock8 : quantizeBlock4
  for (let row = 0, index = 0; row < rows; row++)
    for (let start = 0; start < inputs; start += blockSize, index++) {
      const length = Math.min(blockSize, inputs - start)
      if (length < blockSize) block.fill(0)
      for (let i = 0; i < length; i++) block[i] = values[row * inputs + start + i]!
      scales[index] = quantize(block, packed, index * bytes)
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
  const blocks = blocksOf(bits, inputs)
  return {
    bits,
    blockSize: blockSizeOf(bits, inputs),
    outputs,
    inputs,
    packed: constant(packed, [outputs, blocks, blockBytes(bits, inputs)]),
    scales: constant(scales, [outputs, blocks]),
  }
}

/** A state in blocks of integers. */
export interface RoundedState {
  /** [blocks · block size], −127 … 127; filled up with zeros to whole blocks. */
  readonly integers: Int8Array
  /** [blocks]. */
  readonly scales: Float32Array
}

/**
 * A state as onnxruntime's block product reads it (MatMulNBits, accuracy level 4): each block rounded to integers of 8 bits, the
 * largest at ± 127.
 *
 * @param values float32 [inputs]
 */
export function roundState(values: Float32Array, blockSize: number): RoundedState {
  const blocks = Math.ceil(values.length / blockSize)
  const integers = new Int8Array(blocks * blockSize)
  const scales = new Float32Array(blocks)
  for (let block = 0; block < blocks; block++) {
    const start = block * blockSize
    const end = Math.min(start + blockSize, values.length)
    let largest = 0
    for (let i = start; i < end; i++) largest = Math.max(largest, Math.abs(values[i]!))
    if (largest === 0) continue
    scales[block] = largest / 127
    const inverse = Math.fround(127 / largest)
    for (let i = start; i < end; i++) integers[i] = Math.round(Math.fround(values[i]! * inverse))
  }
  return { integers, scales }
}

/** What a rounded state stands for, float32 [blocks · block size]. */
export function roundActivations(values: Float32Array, blockSize: number): Float32Array {
  const { integers, scales } = roundState(values, blockSize)
  return Float32Array.from(integers, (integer, i) => scales[Math.floor(i / blockSize)]! * integer)
}

/** What an integer of a quantised row stands for; see `QuantizedMatrix`. */
export interface BlockNumbers {
  readonly packed: Uint8Array
  /** [blocks]. */
  readonly scales: Float32Array
  /** [blocks]; null: the matrix has none. */
  readonly minima: Float32Array | null
}

/** The weights [inputs] that a quantised row stands for. */
export function dequantizeRow(
  { packed, scales, minima }: BlockNumbers,
  { bits, blockSize, inputs }: Pick<QuantizedMatrix, 'bits' | 'blockSize' | 'inputs'>,
): Float32Array {
  const row = new Float32Array(inputs)
  const zero = minima ? 0 : 1 << (bits - 1)
  for (let i = 0; i < inputs; i++) {
    const stored = bits === 8 ? packed[i]! : (packed[i >> 1]! >> (4 * (i & 1))) & 15
    const block = Math.floor(i / blockSize)
    const product = scales[block]! * (stored - zero)
    row[i] = minima ? product + minima[block]! : product
  }
  return row
}

/** Writes a block's bytes at `at` and returns its scale. */
function quantizeBlock8(block: Float32Array, packed: Uint8Array, at: number): number {
  let largest = 0
  for (const value of block) largest = Math.max(largest, Math.abs(value))
  const scale = largest / 127
  for (let i = 0; i < block.length; i++) packed[at + i] = scale === 0 ? 128 : (block[i]! / scale + 128.5) | 0
  return scale
}

/** What the largest weight of a block is put at. */
const extremes = [-8, -7.6, -7.2, -8.5, 7]

function quantizeBlock4(block: Float32Array, packed: Uint8Array, at: number): number {
  let extreme = 0
  for (let i = 0; i < block.length; i++) if (Math.abs(block[i]!) > Math.abs(extreme)) extreme = block[i]!
  let best = 0
  if (extreme !== 0) {
    let bestGain = -1
    for (const place of extremes) {
      // With q the integers, the best scale is Σ x q / Σ q², and it lowers the error by (Σ x q)² / Σ q².
      const inverse = place / extreme
      let products = 0
      let squares = 0
      for (let i = 0; i < block.length; i++) {
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
  for (let i = 0; i < block.length; i += 2)
    packed[at + (i >> 1)] = toNibble(block[i]! * inverse) | (toNibble(block[i + 1]! * inverse) << 4)
  return best
}

/** x rounded and kept within −8 … 7, plus 8. Truncation is several times as fast as Math.round. */
function toNibble(x: number): number {
  const shifted = x + 8.5
  return shifted < 0 ? 0 : shifted >= 15 ? 15 : shifted | 0
}
