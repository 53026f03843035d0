import { bfloat16ToFloat32, float16ToFloat32 } from '../half.ts'
import { dequantizeQ2K, dequantizeQ3K, dequantizeQ4K, dequantizeQ5K, dequantizeQ6K } from './dequantize-k.ts'
import { halfAt } from './half-at.ts'

/**
 * Blocks → float32 values, as ggml defines them. All products are exact in float64, where the reference's float32
 * products are exact, too; so each value is rounded once, when it is stored, as there.
 */
export type Dequantize = (bytes: Uint8Array, values: Float32Array) => void

/** 32 values of 4 bits: the first 16 in the lower halves of 16 bytes. d · (q − 8). */
function dequantizeQ4_0(bytes: Uint8Array, values: Float32Array): void {
  for (let at = 0, to = 0; at < bytes.length; at += 18, to += 32) {
    const d = halfAt(bytes, at)
    for (let i = 0; i < 16; i++) {
      const pair = bytes[at + 2 + i]!
      values[to + i] = d * ((pair & 15) - 8)
      values[to + 16 + i] = d * ((pair >> 4) - 8)
    }
  }
}

/** d · q + m. */
function dequantizeQ4_1(bytes: Uint8Array, values: Float32Array): void {
  for (let at = 0, to = 0; at < bytes.length; at += 20, to += 32) {
    const d = halfAt(bytes, at)
    const m = halfAt(bytes, at + 2)
    for (let i = 0; i < 16; i++) {
      const pair = bytes[at + 4 + i]!
      values[to + i] = d * (pair & 15) + m
      values[to + 16 + i] = d * (pair >> 4) + m
    }
  }
}

/** As Q4_0, with the fifth bits of the 32 values in four bytes before them. d · (q − 16). */
function dequantizeQ5_0(bytes: Uint8Array, values: Float32Array): void {
  for (let at = 0, to = 0; at < bytes.length; at += 22, to += 32) {
    const d = halfAt(bytes, at)
    for (let i = 0; i < 16; i++) {
      const pair = bytes[at + 6 + i]!
      values[to + i] = d * (((pair & 15) | (fifthBit(bytes, at + 2, i) << 4)) - 16)
      values[to + 16 + i] = d * (((pair >> 4) | (fifthBit(bytes, at + 2, 16 + i) << 4)) - 16)
    }
  }
}

/** d · q + m. */
function dequantizeQ5_1(bytes: Uint8Array, values: Float32Array): void {
  for (let at = 0, to = 0; at < bytes.length; at += 24, to += 32) {
    const d = halfAt(bytes, at)
    const m = halfAt(bytes, at + 2)
    for (let i = 0; i < 16; i++) {
      const pair = bytes[at + 8 + i]!
      values[to + i] = d * ((pair & 15) | (fifthBit(bytes, at + 4, i) << 4)) + m
      values[to + 16 + i] = d * ((pair >> 4) | (fifthBit(bytes, at + 4, 16 + i) << 4)) + m
    }
  }
}

const fifthBit = (bytes: Uint8Array, at: number, index: number) =>
  (bytes[at + (index >> 3)]! >> (index & 7)) & 1

/** d · q, q a signed byte. */
function dequantizeQ8_0(bytes: Uint8Array, values: Float32Array): void {
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = 0, to = 0; at < bytes.length; at += 34, to += 32) {
    const d = halfAt(bytes, at)
    for (let i = 0; i < 32; i++) values[to + i] = d * signed[at + 2 + i]!
  }
}

/** Two bytes each; a copy, since a view of 16-bit numbers must begin at an even byte. */
const shorts = (bytes: Uint8Array) => new Uint16Array(bytes.slice().buffer)

/** How values of a type are read, by the type's name. */
export const readableTypes: ReadonlyMap<string, Dequantize> = new Map<string, Dequantize>([
  ['F32', (bytes, values) => values.set(new Float32Array(bytes.slice().buffer))],
  ['F16', (bytes, values) => values.set(float16ToFloat32(shorts(bytes)))],
  ['BF16', (bytes, values) => values.set(bfloat16ToFloat32(shorts(bytes)))],
  ['Q4_0', dequantizeQ4_0],
  ['Q4_1', dequantizeQ4_1],
  ['Q5_0', dequantizeQ5_0],
  ['Q5_1', dequantizeQ5_1],
  ['Q8_0', dequantizeQ8_0],
  ['Q2_K', dequantizeQ2K],
  ['Q3_K', dequantizeQ3K],
  ['Q4_K', dequantizeQ4K],
  ['Q5_K', dequantizeQ5K],
  ['Q6_K', dequantizeQ6K],
])
