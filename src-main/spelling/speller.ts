import { SpellmError } from '../base/errors.ts'
import { endSymbol, otherSymbol, type Alphabet } from './alphabet.ts'
import { spellVocabulary, type Spellings } from './spellings.ts'
import { buildTrie, type Trie } from './trie.ts'
import type { VocabularyEntry } from '../tokenizer/vocabulary-entry.ts'
import { bytesOfTokens, type Words } from './words.ts'

/**
 * What a SpeLLM can do with a token:
 *
 * - `covered`: spelled in full, and its spelling stands for it, or it is in a learned group;
 * - `truncated`: only its first k symbols are spelled, and they stand for it;
 * - `shadowed`: its (whole or truncated) spelling stands for another token, so it is never the output;
 * - `uncovered`: it has no spelling;
 * - `symbol`: it is a token symbol, which needs none.
 */
export const tokenStatuses = ['covered', 'truncated', 'shadowed', 'uncovered', 'symbol'] as const
export type TokenStatus = (typeof tokenStatuses)[number]

/**
 * The table token ↔ spelling, and the trie over it. A speller with words spells units: unit u is the token u, or from V
 * on the word number u − V, and where its tables and the trie are by token, the words follow.
 */
export interface Speller extends Spellings {
  readonly alphabet: Alphabet
  /** V. */
  readonly vocabularySize: number
  /** Units of several tokens; none for a SpeLLM that emits token by token. */
  readonly words: Words
  /** [V + words]: each unit's status, as its place in `tokenStatuses`. */
  readonly status: Uint8Array
  /** Where tokens share a spelling, `trie.token` holds the one that the spelling stands for. */
  readonly trie: Trie
}

/**
 * Spells every token of a vocabulary.
 *
 * Several tokens can have the same spelling: tokens truncated to the same first k symbols, a token of k
 * symbols and a longer one that starts with it, or tokens of the same bytes (SentencePiece has a byte
 * token in addition to each ASCII character). The spelling stands for the token that `tokenCounts` says is most
 * frequent; on a tie, or without counts, for one that is spelled in full, then for the lowest id.
 *
 * @param k the most symbols of a spelling, 1 to 64
 * @param tokenCounts how often each token occurs, [V]
 * @param words units in addition to the tokens; a spelling that a token has stands for the token
 * @throws SpellmError setting-invalid for a wrong k, or an alphabet that covers no token but special ones;
 *   tokenizer-mismatch where alphabet and vocabulary differ in their special tokens
 */
export function buildSpeller(
  vocabulary: readonly VocabularyEntry[],
  alphabet: Alphabet,
  k: number,
  tokenCounts?: ArrayLike<number>,
  words: Words = [],
): Speller {
  const units = [
    ...vocabulary,
    ...words.map((tokens) => ({ bytes: bytesOfTokens(tokens, vocabulary), special: false, content: '' })),
  ]
  const spellings = spellVocabulary(units, alphabet, k)
  const { lengths, whole } = spellings
  const symbols = new Set(alphabet.tokenSymbols)
  const isNeeded = units.some((entry, unit) => !entry.special && !symbols.has(unit))
  if (isNeeded && !units.some((entry, unit) => !entry.special && lengths[unit]! > 0))
    throw new SpellmError(
      'setting-invalid',
      'alphabet: none of the tokens can be spelled with it',
      "Choose an alphabet of the model's language, auto or bytes.",
    )

  const trie = buildTrie(spellings, (challenger, holder) => {
    const difference =
      (tokenCounts?.[challenger] ?? 0) - (tokenCounts?.[holder] ?? 0) || whole[challenger]! - whole[holder]!
    return difference === 0 ? challenger < holder : difference > 0
  })

  const status = Uint8Array.from(lengths, (length, token) => {
    if (symbols.has(token)) return tokenStatuses.indexOf('symbol')
    if (length === 0) return tokenStatuses.indexOf('uncovered')
    // A group stands for all of its tokens.
    if (alphabet.unit === 'group') return tokenStatuses.indexOf('covered')
    if (trie.token[trie.nodeOf[token]!] !== token) return tokenStatuses.indexOf('shadowed')
    return tokenStatuses.indexOf(whole[token] ? 'covered' : 'truncated')
  })
  return { ...spellings, alphabet, vocabularySize: vocabulary.length, words, status, trie }
}

/** The tokens that a unit stands for: itself, or those of a word. */
export function tokensOf({ vocabularySize, words }: Speller, unit: number): readonly number[] {
  return unit < vocabularySize ? [unit] : words[unit - vocabularySize]!
}

/** What the SpeLLM can do with `token`. */
export function statusOf(speller: Speller, token: number): TokenStatus {
  const status = speller.status[token]
  if (status === undefined) throw new RangeError(`token ${token} of ${speller.vocabularySize}`)
  return tokenStatuses[status]!
}

/** Whether a SpeLLM can output the token at all. */
export function isEmittable(speller: Speller, token: number): boolean {
  if (token >= speller.vocabularySize) return false
  return saidStatuses.includes(statusOf(speller, token))
}

const saidStatuses: readonly TokenStatus[] = ['covered', 'truncated', 'symbol']

/**
 * What the tail's first distribution has for each token: [V] of both, the place in `tokenSymbols`, −1 for none, and for
 * the others the first symbol of the spelling or the group, or OTHER where that stands for another token or there is none; −1 for
 * token symbols.
 */
export interface FirstSymbols {
  readonly symbolIndex: Int32Array
  readonly firstSymbol: Int32Array
}

/** @see FirstSymbols. Throws TypeError for an alphabet without token symbols. */
export function firstSymbolsOf(speller: Speller): FirstSymbols {
  const { alphabet, vocabularySize, symbols, k } = speller
  if (!alphabet.tokenSymbols) throw new TypeError('an alphabet without token symbols')
  const symbolIndex = new Int32Array(vocabularySize).fill(-1)
  alphabet.tokenSymbols.forEach((token, index) => (symbolIndex[token] = index))
  const other = otherSymbol(alphabet)
  const firstSymbol = Int32Array.from({ length: vocabularySize }, (_, token) => {
    if (symbolIndex[token]! >= 0) return -1
    return isEmittable(speller, token) ? symbols[token * k]! : other
  })
  return { symbolIndex, firstSymbol }
}

/** The symbols of `token`'s spelling, without END; none for an uncovered token. */
export function spellingOf(speller: Speller, token: number): Uint16Array {
  const start = token * speller.k
  return speller.symbols.subarray(start, start + speller.lengths[token]!)
}

/**
 * The tokens that won a spelling over others, in rising order. A speller built with counts is built again
 * without them by counting 1 for each of these and 0 for the rest: save them where the counts aren't kept.
 */
export function contestWinners(speller: Speller): number[] {
  const { status, trie } = speller
  const shadowed = tokenStatuses.indexOf('shadowed')
  const winners = new Set<number>()
  for (const [token, node] of trie.nodeOf.entries())
    if (status[token] === shadowed) winners.add(trie.token[node]!)
  return [...winners].sort((a, b) => a - b)
}

/** What the heads learn for n tokens. */
export interface Targets {
  /** [n, k]: each head's symbol; 0 where nothing counts. */
  readonly symbols: Int32Array
  /** [n, k]: the weight of each head's loss, 1 or 0. */
  readonly counted: Float32Array
}

/**
 * The heads' training targets for tokens: the spelling, then END where it is shorter than k; nothing after
 * that, and nothing for uncovered tokens, which rows of an embedding that the tokenizer doesn't name are, too. So truncated tokens have k symbols and no END, and a special
 * token has its own symbol, then END.
 *
 * @param ids [n] tokens or units, none negative
 * @param isOpen [n]: 1 where what is known may be only a unit's beginning, so nothing is known of what follows
 */
export function targets(speller: Speller, ids: Int32Array, isOpen?: Uint8Array): Targets {
  const { k } = speller
  const end = endSymbol(speller.alphabet)
  const symbols = new Int32Array(ids.length * k)
  const counted = new Float32Array(ids.length * k)
  for (const [row, token] of ids.entries()) {
    if (token < 0) throw new RangeError(`token ${token}`)
    const length = speller.lengths[token] ?? 0
    if (length === 0) continue
    symbols.set(speller.symbols.subarray(token * k, token * k + length), row * k)
    if (length < k) symbols[row * k + length] = end
    counted.fill(1, row * k, row * k + (isOpen?.[row] ? length : Math.min(length + 1, k)))
  }
  return { symbols, counted }
}
