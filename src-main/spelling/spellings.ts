import { SpellmError } from '../base/errors.ts'
import { endSymbol, type Alphabet } from './alphabet.ts'
import { pieceSpelling } from './pieces.ts'
import { decodeUtf8 } from './utf8.ts'
import type { VocabularyEntry } from '../tokenizer/vocabulary-entry.ts'

/** The most symbols that a spelling may have, and so the most heads. */
export const maxSpellingLength = 64

/** The first k symbols of every token's spelling, in one table. */
export interface Spellings {
  readonly k: number
  /** [V, k]: token `t` is spelled by `symbols[t·k]` and the symbols after it; 0 beyond its length. */
  readonly symbols: Uint16Array
  /** [V]: the symbols that are there, 1 to k; 0 for an uncovered token. */
  readonly lengths: Uint8Array
  /** [V]: 1 where that is the whole spelling, 0 for a truncated or uncovered token. */
  readonly whole: Uint8Array
}

/** A text's symbols, or undefined where one of them is outside the alphabet. */
type TextSpelling = (bytes: Uint8Array) => ArrayLike<number> | undefined

/** How an alphabet spells UTF-8; groups don't. */
export function textSpelling(alphabet: Alphabet): TextSpelling {
  if (alphabet.unit === 'byte') return (bytes) => bytes
  if (alphabet.unit === 'piece') return pieceSpelling(alphabet.pieces)
  if (alphabet.unit === 'group') return () => undefined
  const symbolOf = new Map(alphabet.characters.map((character, symbol) => [character, symbol]))
  return (bytes) => {
    const text = decodeUtf8(bytes)
    if (text === undefined) return undefined
    const symbols: number[] = []
    for (const character of text) {
      const symbol = symbolOf.get(character)
      if (symbol === undefined) return undefined
      symbols.push(symbol)
    }
    return symbols
  }
}

function checkSpellable(vocabulary: readonly VocabularyEntry[], alphabet: Alphabet, k: number): void {
  if (!Number.isInteger(k) || k < 1 || k > maxSpellingLength)
    throw new SpellmError(
      'setting-invalid',
      `k: ${k}, expected an integer from 1 to ${maxSpellingLength}`,
      'Choose how many symbols a token may be spelled with; 10 to 16 suit most vocabularies.',
    )
  if (alphabet.unit === 'group' && k !== 1)
    throw new SpellmError(
      'setting-invalid',
      `k: ${k}, expected 1 for learned groups`,
      'Nothing is spelled with learned groups: leave k out.',
    )
  const { specialTokens, tokenSymbols } = alphabet
  const whole = new Set(tokenSymbols ?? specialTokens)
  // A token symbol may be any token, but special tokens are symbols always.
  const wrong = vocabulary.findIndex((entry, id) =>
    tokenSymbols ? entry.special && !whole.has(id) : entry.special !== whole.has(id),
  )
  const groups = alphabet.unit === 'group' ? alphabet.groups.flat() : []
  const outside = [...whole, ...groups].find((id) => id >= vocabulary.length)
  if (wrong >= 0 || outside !== undefined)
    throw new SpellmError(
      'tokenizer-mismatch',
      outside === undefined
        ? `alphabet: token ${wrong} is ${whole.has(wrong) ? 'a' : 'no'} special token in the alphabet, but not so in the tokenizer`
        : `alphabet: ${tokenSymbols ? 'token' : 'special token'} ${outside} is outside the tokenizer's ${vocabulary.length} tokens`,
      'Use the tokenizer that the alphabet was made for.',
    )
}

/** Tokens that one symbol stands for: special ones, and those of groups. */
function oneSymbols(alphabet: Alphabet): Map<number, number> {
  const firstSpecial = endSymbol(alphabet) + 1
  const symbols = new Map(alphabet.specialTokens.map((id, index) => [id, firstSpecial + index]))
  if (alphabet.unit === 'group')
    for (const [group, members] of alphabet.groups.entries())
      for (const token of members) symbols.set(token, group)
  return symbols
}

/**
 * Spells every token of the vocabulary that isn't a token symbol. A special token's spelling is its one symbol, that of
 * a token in a group its group.
 *
 * Uncovered are tokens that need a symbol outside the alphabet (also beyond the first k), tokens without
 * bytes, and, where the alphabet is of characters, tokens that aren't valid UTF-8 on their own.
 *
 * @param k the most symbols of a spelling, 1 to 64
 * @throws SpellmError setting-invalid for a wrong k; tokenizer-mismatch where alphabet and vocabulary
 *   differ in their special tokens
 */
export function spellVocabulary(
  vocabulary: readonly VocabularyEntry[],
  alphabet: Alphabet,
  k: number,
): Spellings {
  checkSpellable(vocabulary, alphabet, k)
  const symbols = new Uint16Array(vocabulary.length * k)
  const lengths = new Uint8Array(vocabulary.length)
  const whole = new Uint8Array(vocabulary.length)
  const spell = textSpelling(alphabet)
  const oneSymbol = oneSymbols(alphabet)
  const unspelled = new Set(alphabet.tokenSymbols)
  for (const [token, { bytes }] of vocabulary.entries()) {
    if (unspelled.has(token)) continue
    const own = oneSymbol.get(token)
    const spelling = own === undefined ? spell(bytes) : [own]
    if (spelling === undefined || spelling.length === 0) continue
    const length = Math.min(spelling.length, k)
    for (let i = 0; i < length; i++) symbols[token * k + i] = spelling[i]!
    lengths[token] = length
    whole[token] = spelling.length <= k ? 1 : 0
  }
  return { k, symbols, lengths, whole }
}
