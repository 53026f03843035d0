import { endSymbol, type Alphabet } from './alphabet.ts'
import type { VocabularyEntry } from './vocabulary.ts'

/**
 * A symbol as a person reads it: the character, END, the special token's name; a byte beyond ASCII as ‹E2›; a group by its
 * first tokens.
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
  return symbol < 0x80 ? String.fromCharCode(symbol) : `‹${symbol.toString(16).toUpperCase()}›`
}

const shownMembers = 3

function describeGroup(members: readonly number[], vocabulary: readonly VocabularyEntry[]): string {
  const decoder = new TextDecoder()
  const shown = members.slice(0, shownMembers).map((token) => decoder.decode(vocabulary[token]?.bytes))
  return `{${shown.join('|')}${members.length > shownMembers ? '|…' : ''}}`
}
