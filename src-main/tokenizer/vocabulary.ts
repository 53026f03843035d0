import { z } from 'zod'

/** Four times the largest known vocabulary, and small enough that a table by id isn't a burden. */
export const maxVocabularySize = 1_048_576

export const tokenId = z
  .int()
  .min(0)
  .max(maxVocabularySize - 1)

/** Turns one piece of a text into tokens. */
export interface Model {
  /** Contents and ids, without added tokens. */
  readonly vocabulary: ReadonlyMap<string, number>
  /** Ids of what it learnt in its order: tokens that merges make, or of scores, the most probable first. Each once. */
  readonly learnt: readonly number[]
  /** Appends the tokens of a piece to `ids`. */
  encode(piece: string, ids: number[]): void
}

/** How SentencePiece writes the token of a single byte. */
function byteTokenContent(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`
}

const encoder = new TextEncoder()

/**
 * The tokens that stand for a text's single bytes, by `<0xNN>` tokens. Undefined if the vocabulary lacks one of them.
 */
export function byteTokens(text: string, vocabulary: ReadonlyMap<string, number>): number[] | undefined {
  const tokens: number[] = []
  for (const byte of encoder.encode(text)) {
    const token = vocabulary.get(byteTokenContent(byte))
    if (token === undefined) return undefined
    tokens.push(token)
  }
  return tokens
}

const maxCachedPieces = 65_536
const maxCachedLength = 256

/** Remembers the tokens of short pieces: in a text most words come again. */
export function cached(encode: Model['encode']): Model['encode'] {
  const known = new Map<string, readonly number[]>()
  return (piece, ids) => {
    if (piece.length > maxCachedLength) {
      encode(piece, ids)
      return
    }
    let tokens = known.get(piece)
    if (!tokens) {
      const found: number[] = []
      encode(piece, found)
      if (known.size >= maxCachedPieces) known.clear()
      known.set(piece, found)
      tokens = found
    }
    for (const token of tokens) ids.push(token)
  }
}
