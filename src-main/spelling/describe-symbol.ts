import { endSymbol, type Alphabet } from './alphabet.ts'
import type { VocabularyEntry } from './vocabulary.ts'

/** A symbol as a person reads it: the character, END, the special token's name; a byte beyond ASCII as ‹E2›. */
export function describeSymbol(
  alphabet: Alphabet,
  symbol: number,
  vocabulary: readonly VocabularyEntry[],
): string {
  const end = endSymbol(alphabet)
  if (symbol === end) return 'END'
  if (symbol > end) return vocabulary[alphabet.specialTokens[symbol - end - 1]!]!.content
  if (alphabet.unit === 'character') return alphabet.characters[symbol]!
  return symbol < 0x80 ? String.fromCharCode(symbol) : `‹${symbol.toString(16).toUpperCase()}›`
}
