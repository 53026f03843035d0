import { endSymbol, type Alphabet } from './alphabet.ts'
import { pieceBytes, singleBytes } from './pieces.ts'
import { decodeUtf8 } from './utf8.ts'
import type { VocabularyEntry } from '../tokenizer/vocabulary-entry.ts'

/**
 * A symbol as a person reads it: the character or piece, END, the special token's name; bytes that aren't characters as
 * ‹E2›; a group by its first tokens.
 */
export function describeSymbol(
  alphabet: Alphabet,
  symbol: number,
  vocabulary: readonly VocabularyEntry[],
): string {
  const end = endSymbol(alphabet)
  if (symbol === end) return 'END'
  if (symbol > end) return vocabulary[alphabet.specialTokens[symbol - end - 1]!]!.content
  if (alphabet.unit === 'character') return alphabet.characters[symbol]!
  if (alphabet.unit === 'group') return describeGroup(alphabet.groups[symbol]!, vocabulary)
  if (alphabet.unit === 'piece' && symbol >= singleBytes)
    return describePiece(pieceBytes(alphabet.pieces, symbol))
  return symbol < 0x80 ? String.fromCharCode(symbol) : `‹${symbol.toString(16).toUpperCase()}›`
}

function describePiece(bytes: Uint8Array): string {
  return decodeUtf8(bytes) ?? `‹${Buffer.from(bytes).toString('hex').toUpperCase()}›`
}

const shownMembers = 3

function describeGroup(members: readonly number[], vocabulary: readonly VocabularyEntry[]): string {
  const decoder = new TextDecoder()
  const shown = members.slice(0, shownMembers).map((token) => decoder.decode(vocabulary[token]?.bytes))
  return `{${shown.join('|')}${members.length > shownMembers ? '|…' : ''}}`
}
