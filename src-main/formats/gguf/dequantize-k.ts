import { halfAt } from './half-at.ts'

/**
 * ggml's k-quants: super-blocks of 256 values in groups of 16 or 32, whose scales (and minima) are small integers that
 * multiply one float16 scale of the super-block.
 */

/** 16 scales and minima of 4 bits (16 bytes), 256 values of 2 bits (64 bytes), d, dmin. */
export function dequantizeQ2K(bytes: Uint8Array, values: Float32Array): void {
  for (let at = 0, to = 0; at < bytes.length; at += 84) {
    const d = halfAt(bytes, at + 80)
    const dmin = halfAt(bytes, at + 82)
    for (let group = 0; group < 16; group++) {
      const packed = bytes[at + group]!
      const scale = d * (packed & 15)
      const minimum = dmin * (packed >> 4)
      // 128 values lie in 32 bytes, two bits of each byte after the other.
      const from = at + 16 + 32 * (group >> 3) + 16 * (group & 1)
      const shift = 2 * ((group >> 1) & 3)
      for (let i = 0; i < 16; i++) values[to++] = scale * ((bytes[from + i]! >> shift) & 3) - minimum
    }
  }
}

/** 256 high bits (32 bytes), 256 values of 2 bits (64 bytes), 16 scales of 6 bits (12 bytes), d. */
export function dequantizeQ3K(bytes: Uint8Array, values: Float32Array): void {
  for (let at = 0, to = 0; at < bytes.length; at += 110) {
    const d = halfAt(bytes, at + 108)
    for (let group = 0; group < 16; group++) {
      const low = (bytes[at + 96 + (group & 7)]! >> (4 * (group >> 3))) & 15
      const high = (bytes[at + 104 + (group & 3)]! >> (2 * (group >> 2))) & 3
      const scale = d * ((low | (high << 4)) - 32)
      const highFrom = at + 16 * (group & 1)
      const from = at + 32 + 32 * (group >> 3) + 16 * (group & 1)
      const shift = 2 * ((group >> 1) & 3)
      const highShift = group >> 1
      for (let i = 0; i < 16; i++) {
        // Four is taken away where the high bit is not set.
        const missing = (((bytes[highFrom + i]! >> highShift) & 1) ^ 1) << 2
        values[to++] = scale * (((bytes[from + i]! >> shift) & 3) - missing)
      }
    }
  }
}

/** d, dmin, 8 scales and minima of 6 bits (12 bytes), 256 values of 4 bits (128 bytes). */
export function dequantizeQ4K(bytes: Uint8Array, values: Float32Array): void {
  for (let at = 0, to = 0; at < bytes.length; at += 144) {
    const d = halfAt(bytes, at)
    const dmin = halfAt(bytes, at + 2)
    for (let group = 0; group < 8; group++) {
      const scale = d * scaleOf(bytes, at + 4, group)
      const minimum = dmin * minimumOf(bytes, at + 4, group)
      const from = at + 16 + 32 * (group >> 1)
      const shift = 4 * (group & 1)
      for (let i = 0; i < 32; i++) values[to++] = scale * ((bytes[from + i]! >> shift) & 15) - minimum
    }
  }
}

/** As Q4_K, with the fifth bits of the 256 values in 32 bytes before them. */
export function dequantizeQ5K(bytes: Uint8Array, values: Float32Array): void {
  for (let at = 0, to = 0; at < bytes.length; at += 176) {
    const d = halfAt(bytes, at)
    const dmin = halfAt(bytes, at + 2)
    for (let group = 0; group < 8; group++) {
      const scale = d * scaleOf(bytes, at + 4, group)
      const minimum = dmin * minimumOf(bytes, at + 4, group)
      const from = at + 48 + 32 * (group >> 1)
      const shift = 4 * (group & 1)
      for (let i = 0; i < 32; i++) {
        const high = ((bytes[at + 16 + i]! >> group) & 1) << 4
        values[to++] = scale * (((bytes[from + i]! >> shift) & 15) | high) - minimum
      }
    }
  }
}

/** Lower 4 bits (128 bytes) and upper 2 bits (64 bytes) of 256 values, 16 scales of 8 bits, d. */
export function dequantizeQ6K(bytes: Uint8Array, values: Float32Array): void {
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = 0, to = 0; at < bytes.length; at += 210) {
    const d = halfAt(bytes, at + 208)
    for (let part = 0; part < 8; part++) {
      // Of 128 values, 64 bytes hold 64 in their lower halves and 64 in their upper ones.
      const low = at + 64 * (part >> 2) + 32 * (part & 1)
      const lowShift = 4 * ((part >> 1) & 1)
      const high = at + 128 + 32 * (part >> 2)
      const highShift = 2 * (part & 3)
      for (let i = 0; i < 32; i++) {
        const scale = d * signed[at + 192 + 2 * part + (i >> 4)]!
        const q = ((bytes[low + i]! >> lowShift) & 15) | (((bytes[high + i]! >> highShift) & 3) << 4)
        values[to++] = scale * (q - 32)
      }
    }
  }
}

/** The first four of 8 scales are in the lower 6 bits of a byte each, the others in halves and the upper 2 bits. */
function scaleOf(bytes: Uint8Array, at: number, group: number): number {
  return group < 4
    ? bytes[at + group]! & 63
    : (bytes[at + 4 + group]! & 15) | ((bytes[at + group - 4]! >> 2) & 48)
}

function minimumOf(bytes: Uint8Array, at: number, group: number): number {
  return group < 4
    ? bytes[at + 4 + group]! & 63
    : (bytes[at + 4 + group]! >> 4) | ((bytes[at + group]! >> 2) & 48)
}
