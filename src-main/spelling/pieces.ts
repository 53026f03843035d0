import { SpellmError } from '../base/errors.ts'
import { buildPrefixTree } from './prefix-tree.ts'
import type { VocabularyEntry } from '../tokenizer/vocabulary-entry.ts'

/** Single bytes, which every alphabet of pieces begins with. */
export const singleBytes = 256

/** With the bytes, this makes about 500 symbols, as many as detected doubt as well as characters did. */
const usualPieces = 250
const mostPieces = 16_384

/** Bounds what a spelling looks for at each byte; longer tokens are runs of spaces and the like. */
export const longestPiece = 64

/**
 * How many pieces in addition to the bytes `pieces` or `pieces:N` asks for. Null: another alphabet.
 *
 * @throws SpellmError setting-invalid for other numbers than 1 to 16,384
 */
export function parsePieces(description: string): number | null {
  if (!/^pieces(:|$)/.test(description)) return null
  const count = description === 'pieces' ? usualPieces : Number(/^pieces:(\d{1,5})$/.exec(description)?.[1])
  if (count >= 1 && count <= mostPieces) return count
  throw new SpellmError(
    'setting-invalid',
    `alphabet: ${JSON.stringify(description.slice(0, 40))}, expected pieces or pieces:N with a number from 1 to ${mostPieces}`,
    `Use pieces, or for example pieces:1000 for 1,000 pieces as well as the bytes.`,
  )
}

/** Whether the tokenizer tells which pieces it learnt, so that there are any to spell with. */
export function hasPieces(vocabulary: readonly VocabularyEntry[]): boolean {
  return vocabulary.some(isPiece)
}

function isPiece({ rank, special, bytes }: VocabularyEntry): boolean {
  return rank !== undefined && !special && bytes.length > 1 && bytes.length <= longestPiece
}

/**
 * The tokenizer's first merges, or the most probable tokens of a Unigram tokenizer, of 2 to 64 bytes, each once: as many
 * as `count`, or as there are.
 *
 * @returns their bytes as hexadecimal digits, the first merge first
 * @throws SpellmError setting-invalid where the tokenizer has none
 */
export function choosePieces(vocabulary: readonly VocabularyEntry[], count: number): string[] {
  const pieces = vocabulary
    .filter(isPiece)
    .sort((a, b) => a.rank! - b.rank!)
    .map(({ bytes }) => Buffer.from(bytes).toString('hex'))
  if (pieces.length === 0)
    throw new SpellmError(
      'setting-invalid',
      'alphabet: the tokenizer has no merges or scored tokens of several bytes to take for pieces',
      'Spell in bytes or characters.',
    )
  return [...new Set(pieces)].slice(0, count)
}

/** The bytes of a symbol: the byte itself, or from 256 on those of a piece. */
export function pieceBytes(pieces: readonly string[], symbol: number): Uint8Array {
  if (symbol < singleBytes) return Uint8Array.of(symbol)
  return Uint8Array.from(Buffer.from(pieces[symbol - singleBytes]!, 'hex'))
}

/**
 * Spells bytes in as few pieces as make them up; of equally many, with the longest first piece, then the longest second
 * one, and so on. So each text has one spelling, and it begins as a greedy one does wherever that costs nothing.
 *
 * @param pieces hexadecimal digits, as `choosePieces` gives them
 * @returns a function from bytes to symbols: bytes, and from 256 on pieces
 */
export function pieceSpelling(pieces: readonly string[]): (bytes: Uint8Array) => number[] {
  const root = buildPrefixTree(pieces.map((_, i) => [pieceBytes(pieces, singleBytes + i), singleBytes + i]))
  return (bytes) => {
    // From each place to the end: the fewest symbols, and the first of them with its length.
    const fewest = new Uint32Array(bytes.length + 1)
    const symbolAt = new Uint16Array(bytes.length)
    const lengthAt = new Uint8Array(bytes.length)
    for (let at = bytes.length - 1; at >= 0; at--) {
      fewest[at] = fewest[at + 1]! + 1
      symbolAt[at] = bytes[at]!
      lengthAt[at] = 1
      let node = root.children.get(bytes[at]!)
      for (let end = at + 1; node; node = node.children.get(bytes[end++]!)) {
        if (node.value === undefined || fewest[end]! + 1 > fewest[at]!) continue
        fewest[at] = fewest[end]! + 1
        symbolAt[at] = node.value
        lengthAt[at] = end - at
      }
    }
    const symbols: number[] = []
    for (let at = 0; at < bytes.length; at += lengthAt[at]!) symbols.push(symbolAt[at]!)
    return symbols
  }
}
