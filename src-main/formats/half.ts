/** IEEE 754 half precision (float16) and bfloat16 as they are stored in files, converted through bit patterns. */

const bits = new Uint32Array(1)
const number = new Float32Array(bits.buffer)

/** float16 bit patterns → float32, exact. */
export function float16ToFloat32(halves: Uint16Array): Float32Array {
  const out = new Float32Array(halves.length)
  const values = table()
  for (let i = 0; i < halves.length; i++) out[i] = values[halves[i]!]!
  return out
}

/** float32 → float16 bit patterns, rounded to nearest even; beyond 65,504 to infinity. NaN stays NaN. */
export function float32ToFloat16(values: Float32Array): Uint16Array {
  const out = new Uint16Array(values.length)
  const source = new Uint32Array(values.buffer, values.byteOffset, values.length)
  for (let i = 0; i < values.length; i++) out[i] = toHalf(source[i]!)
  return out
}

/** bfloat16 bit patterns → float32, exact: they are its upper half. */
export function bfloat16ToFloat32(halves: Uint16Array): Float32Array {
  const out = new Uint32Array(halves.length)
  for (let i = 0; i < halves.length; i++) out[i] = halves[i]! << 16
  return new Float32Array(out.buffer)
}

/** float32 → bfloat16 bit patterns; the lower half is cut off, which is exact for what was bfloat16. */
export function float32ToBfloat16(values: Float32Array): Uint16Array {
  const source = new Uint32Array(values.buffer, values.byteOffset, values.length)
  return Uint16Array.from(source, (pattern) => pattern >>> 16)
}

function toHalf(x: number): number {
  const sign = (x >>> 16) & 0x8000
  const magnitude = x & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00
  if (magnitude >= 0x477ff000) return sign | 0x7c00
  if (magnitude < 0x38800000) {
    // Below the smallest normal half: adding 0.5 aligns the mantissa so that the hardware rounds it.
    bits[0] = magnitude
    number[0] = number[0]! + 0.5
    return sign | (bits[0] - 0x3f000000)
  }
  const rounded = magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)
  return sign | (rounded >>> 13)
}

let halfTable: Float32Array | undefined

/** The value of each of the 65,536 bit patterns. */
function table(): Float32Array {
  halfTable ??= Float32Array.from({ length: 65_536 }, (_, half) => {
    const sign = half & 0x8000 ? -1 : 1
    const exponent = (half >>> 10) & 31
    const fraction = half & 1023
    if (exponent === 31) return fraction ? NaN : sign * Infinity
    return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
  })
  return halfTable
}
