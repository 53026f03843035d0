import { halfAt } from './half-at.ts'

/** Values of a block in each of these types. */
export const splittableBlock = 32

/** What a type's blocks are made of: weight = scale · (integer − zero) + minimum. */
export interface BlockKind {
  /** Bits of an integer. */
  readonly bits: 4 | 8
  readonly zero: number
  readonly hasMinima: boolean
}

/** The types whose blocks are integers with one scale, by name. */
export const splittableTypes: ReadonlyMap<string, BlockKind> = new Map([
  ['Q4_0', { bits: 4, zero: 8, hasMinima: false }],
  ['Q4_1', { bits: 4, zero: 0, hasMinima: true }],
  ['Q8_0', { bits: 8, zero: 128, hasMinima: false }],
])

/** Blocks as arrays of one kind each. */
export interface SplitBlocks {
  /** [blocks, bytes]; of 4 bits the first of two values, that of lower index, in the lower half of a byte. */
  readonly integers: Uint8Array
  /** [blocks], the file's float16 scales. */
  readonly scales: Float32Array
  /** [blocks]; null: the type has none. */
  readonly minima: Float32Array | null
}

/**
 * Takes blocks of one of `splittableTypes` apart; no number changes.
 *
 * @param bytes whole blocks as they lie in a file
 */
export function splitBlocks(type: string, bytes: Uint8Array): SplitBlocks {
  const { bits, hasMinima } = splittableTypes.get(type)!
  const header = hasMinima ? 4 : 2
  const length = (splittableBlock * bits) / 8
  const blocks = bytes.length / (header + length)
  const integers = new Uint8Array(blocks * length)
  const scales = new Float32Array(blocks)
  const minima = hasMinima ? new Float32Array(blocks) : null
  for (let block = 0, at = 0; block < blocks; block++, at += header + length) {
    scales[block] = halfAt(bytes, at)
    if (minima) minima[block] = halfAt(bytes, at + 2)
    const from = at + header
    const to = block * length
    if (bits === 4) splitNibbles(bytes, from, integers, to)
    // Signed bytes, counted from −128 on.
    else for (let i = 0; i < length; i++) integers[to + i] = bytes[from + i]! ^ 0x80
  }
  return { integers, scales, minima }
}

/** ggml has values i and i + 16 of a block in one byte, onnxruntime 2 i and 2 i + 1. */
function splitNibbles(bytes: Uint8Array, from: number, integers: Uint8Array, to: number): void {
  for (let i = 0; i < 8; i++) {
    const first = bytes[from + 2 * i]!
    const second = bytes[from + 2 * i + 1]!
    integers[to + i] = (first & 15) | (second << 4)
    integers[to + 8 + i] = (first >> 4) | (second & 0xf0)
  }
}
