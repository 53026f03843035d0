import type { Alphabet } from './alphabet.ts'
import { textSpelling } from './spellings.ts'
import { decodeUtf8 } from './utf8.ts'
import type { VocabularyEntry } from '../tokenizer/vocabulary-entry.ts'

/**
 * What the heads spell in one step: tokens only, or also words of several tokens, which go back into the trunk in
 * one pass.
 */
export const unitKinds = ['token', 'word'] as const
export type UnitKind = (typeof unitKinds)[number]

/** Words, and beginnings and ends of words, as the tokens that a text writes them with: each at least two. */
export type Words = readonly (readonly number[])[]

/** The most words of a speller: what they save falls off with their rank, and each costs the search some nodes. */
const mostWords = 32_768
/** What a text has only once is as likely to be a slip. */
const leastCount = 2

/** Where a text has no spaces, its words end after this many tokens. */
const longestWord = 64

/**
 * How often a text has each of its words. A word is what a space or line break begins, with its punctuation, up to the
 * next one, or to a special token.
 *
 * @param ids the text's tokens
 * @returns for the tokens of each word, joined by commas, its count; special tokens are left out
 */
export function countWords(ids: Int32Array, vocabulary: readonly VocabularyEntry[]): Map<string, number> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const begins = vocabulary.map(({ bytes, special }) => special || /^\s/u.test(decoder.decode(bytes)))
  const counts = new Map<string, number>()
  let start = 0
  for (let end = 1; end <= ids.length; end++) {
    const first = vocabulary[ids[start]!]!
    const isWithin = end < ids.length && !begins[ids[end]!] && end - start < longestWord
    if (isWithin && !first.special) continue
    const key = ids.subarray(start, end).join()
    if (!first.special) counts.set(key, (counts.get(key) ?? 0) + 1)
    start = end
  }
  return counts
}

/** The bytes that some tokens add to a text together. */
export function bytesOfTokens(tokens: readonly number[], vocabulary: readonly VocabularyEntry[]): Uint8Array {
  return Uint8Array.from(tokens.flatMap((token) => [...vocabulary[token]!.bytes]))
}

/**
 * The words that save most steps in a text, the best first, ties by their tokens. Beginnings of words are there too,
 * for words that are too rare or too long, and ends, for what follows such a beginning.
 *
 * Each is of whole characters that the alphabet has, and at most k symbols long: it can be spelled in full, though
 * its tokens on their own may be parts of characters, which a character alphabet can't spell.
 *
 * @param counts as `countWords` gives them
 * @param k the most symbols of a spelling
 */
export function collectWords(
  counts: ReadonlyMap<string, number>,
  vocabulary: readonly VocabularyEntry[],
  alphabet: Alphabet,
  k: number,
): Words {
  const parts = new Map<string, number>()
  for (const [key, count] of counts) {
    const tokens = key.split(',')
    const add = (from: number, to: number) => {
      const part = tokens.slice(from, to).join()
      parts.set(part, (parts.get(part) ?? 0) + count)
    }
    for (let to = 2; to <= tokens.length; to++) add(0, to)
    for (let from = 1; from + 2 <= tokens.length; from++) add(from, tokens.length)
  }
  const spell = textSpelling(alphabet)
  const isSpelled = (tokens: readonly number[]) => {
    const bytes = bytesOfTokens(tokens, vocabulary)
    return decodeUtf8(bytes) !== undefined && (spell(bytes)?.length ?? Infinity) <= k
  }
  return [...parts]
    .filter(([, count]) => count >= leastCount)
    .map(([key, count]) => ({ key, tokens: key.split(',').map(Number), count }))
    .filter(({ tokens }) => isSpelled(tokens))
    .sort(
      (a, b) => b.count * (b.tokens.length - 1) - a.count * (a.tokens.length - 1) || (a.key < b.key ? -1 : 1),
    )
    .slice(0, mostWords)
    .map(({ tokens }) => tokens)
}

/**
 * A vocabulary with a text's words behind it, and how often each of these occurs (the tokens on their own: 0): what a
 * choice of alphabet and k goes by where words are spelled. A word's bytes are whole characters also where those of its
 * tokens aren't.
 */
export function withWords(
  vocabulary: readonly VocabularyEntry[],
  counts: ReadonlyMap<string, number>,
): { readonly entries: readonly VocabularyEntry[]; readonly counts: Uint32Array } {
  const words = [...counts.keys()].map((key) => bytesOfTokens(key.split(',').map(Number), vocabulary))
  return {
    entries: [...vocabulary, ...words.map((bytes) => ({ bytes, special: false, content: '' }))],
    counts: Uint32Array.from([...vocabulary.map(() => 0), ...counts.values()]),
  }
}
