import { z } from 'zod'
import { SpellmError } from '../base/errors.ts'
import { choosePieces, longestPiece, parsePieces, pieceBytes, singleBytes } from './pieces.ts'
import { decodeUtf8 } from './utf8.ts'
import type { VocabularyEntry } from '../tokenizer/vocabulary-entry.ts'

/** The most symbols that an alphabet may have, so that every symbol fits into a Uint16Array. */
const maxAlphabetSize = 65_535

/** What alphabets have in addition to the symbols that spell text. */
interface WholeTokens {
  /** Ids of the special tokens that the heads have a symbol for, without duplicates; none with token symbols. */
  readonly specialTokens: readonly number[]
  /**
   * Ids of the tokens that are symbols of their own, without duplicates, the special ones among them. They are scored by
   * their rows of the LM head and never spelled, and the heads have the symbol OTHER for what can't be spelled. Absent:
   * the alphabet has no token symbols (format 1).
   */
  readonly tokenSymbols?: readonly number[] | undefined
}

/** Tokens are spelled in Unicode code points. */
interface CharacterAlphabet extends WholeTokens {
  readonly unit: 'character'
  /** One code point each, without duplicates. */
  readonly characters: readonly string[]
}

/** Tokens are spelled in bytes, so every token that has any is covered. */
interface ByteAlphabet extends WholeTokens {
  readonly unit: 'byte'
}

/** Tokens are spelled in bytes and the tokenizer's own pieces of several, as few as make them up. */
export interface PieceAlphabet extends WholeTokens {
  readonly unit: 'piece'
  /** Beside the 256 bytes: bytes of each as lower-case hexadecimal digits, without duplicates. */
  readonly pieces: readonly string[]
}

/** Nothing is spelled: the heads score groups of the tokens that have no symbol, and some groups are read whole. */
export interface GroupAlphabet extends WholeTokens {
  readonly unit: 'group'
  /** The tokens of each group, in rising order, each in one group only. */
  readonly groups: readonly (readonly number[])[]
  /** Maximum number of groups whose tokens a step scores by their rows of the LM head. */
  readonly read: number
  readonly tokenSymbols: readonly number[]
}

/**
 * The output symbols of a SpeLLM's heads. A symbol is an index:
 *
 * | symbol              | meaning                                                    |
 * | ------------------- | ---------------------------------------------------------- |
 * | 0 to T − 1          | `characters[symbol]`, the byte itself (T = 256), or a group; of pieces a byte, then `pieces[symbol − 256]` |
 * | T                   | END                                                        |
 * | T + 1 + i           | the special token `specialTokens[i]`                       |
 * | T + 1               | OTHER, where there are token symbols: what has no spelling |
 *
 * Token symbols aren't symbols of the heads: their scores come from the LM head itself.
 *
 * The alphabet is plain data and its own JSON form; `alphabetSchema` reads it back. Text is never
 * normalised: combining marks, joiners and direction marks are characters like any other.
 */
export type Alphabet = CharacterAlphabet | ByteAlphabet | PieceAlphabet | GroupAlphabet

/** The number of symbols for text or groups T, which is also the symbol END. */
export function endSymbol(alphabet: Alphabet): number {
  switch (alphabet.unit) {
    case 'byte':
      return singleBytes
    case 'piece':
      return singleBytes + alphabet.pieces.length
    case 'character':
      return alphabet.characters.length
    case 'group':
      return alphabet.groups.length
  }
}

/** The number of the heads' symbols A: text, END, and special tokens or OTHER. */
export function alphabetSize(alphabet: Alphabet): number {
  return endSymbol(alphabet) + 1 + (alphabet.tokenSymbols ? 1 : alphabet.specialTokens.length)
}

/** The symbol OTHER of an alphabet with token symbols. */
export function otherSymbol(alphabet: Alphabet): number {
  return endSymbol(alphabet) + 1
}

/**
 * The alphabet with token symbols: the special tokens, then `tokens`.
 *
 * @param tokens most useful first
 */
export function withTokenSymbols(alphabet: Alphabet, tokens: Iterable<number>): Alphabet {
  const tokenSymbols = [...new Set([...(alphabet.tokenSymbols ?? alphabet.specialTokens), ...tokens])]
  return { ...alphabet, specialTokens: [], tokenSymbols }
}

function isCodePoint(text: string): boolean {
  const codePoint = text.codePointAt(0)
  if (codePoint === undefined || (codePoint >= 0xd800 && codePoint <= 0xdfff)) return false
  return text.length === (codePoint > 0xffff ? 2 : 1)
}

function withoutDuplicates(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length
}

/** A list whose length is checked before its items are. */
function boundedList<Item>(item: z.ZodType<Item>, least: number) {
  return z
    .array(z.unknown())
    .min(least)
    .max(maxAlphabetSize)
    .pipe(z.array(item))
    .refine(withoutDuplicates, { error: 'expected no duplicates' })
}

/** Maximum number of tokens of a group: no vocabulary is larger. */
const mostMembers = 1 << 22

const tokenId = z.int().min(0).max(0x7fffffff)
const specialTokens = boundedList(tokenId, 0)
const tokenSymbols = boundedList(tokenId, 0).optional()
const piece = z
  .string()
  .max(2 * longestPiece)
  .regex(/^(?:[0-9a-f]{2}){2,}$/, { error: 'expected two or more bytes as hexadecimal digits' })
const character = z.string().refine(isCodePoint, { error: 'expected exactly one Unicode code point' })

/** Checks an alphabet that was read from a file or sent by another process. */
export const alphabetSchema: z.ZodType<Alphabet> = z
  .discriminatedUnion('unit', [
    z.strictObject({ unit: z.literal('byte'), specialTokens, tokenSymbols }),
    z.strictObject({
      unit: z.literal('character'),
      characters: boundedList(character, 1),
      specialTokens,
      tokenSymbols,
    }),
    z.strictObject({ unit: z.literal('piece'), pieces: boundedList(piece, 1), specialTokens, tokenSymbols }),
    z.strictObject({
      unit: z.literal('group'),
      groups: z.array(z.array(tokenId).min(1).max(mostMembers)).min(1).max(maxAlphabetSize),
      read: z.int().min(1).max(maxAlphabetSize),
      specialTokens,
      tokenSymbols: boundedList(tokenId, 0),
    }),
  ])
  .refine(({ specialTokens, tokenSymbols }) => !tokenSymbols || specialTokens.length === 0, {
    error: 'expected special tokens among the token symbols only',
  })
  .refine(
    (alphabet) =>
      alphabet.unit !== 'group' || withoutDuplicates([...alphabet.groups.flat(), ...alphabet.tokenSymbols]),
    { error: 'expected each token once, in a group or as a symbol' },
  )
  .refine((alphabet) => alphabetSize(alphabet) <= maxAlphabetSize, {
    error: `expected at most ${maxAlphabetSize} symbols in all`,
  })

function specialTokensOf(vocabulary: readonly VocabularyEntry[]): number[] {
  return [...vocabulary.keys()].filter((id) => vocabulary[id]!.special)
}

function bounded(alphabet: Alphabet): Alphabet {
  const size = alphabetSize(alphabet)
  if (size <= maxAlphabetSize) return alphabet
  throw new SpellmError(
    'setting-invalid',
    `alphabet: ${size} symbols (${endSymbol(alphabet)} for text, END, ${alphabet.specialTokens.length} special tokens), ` +
      `expected at most ${maxAlphabetSize}`,
    'Choose fewer characters, or spell in bytes.',
  )
}

/** In the order of their code points, so that equal sets make equal alphabets. */
function characterAlphabet(codePoints: Iterable<number>, vocabulary: readonly VocabularyEntry[]): Alphabet {
  const characters = [...codePoints].sort((a, b) => a - b).map((codePoint) => String.fromCodePoint(codePoint))
  return bounded({ unit: 'character', characters, specialTokens: specialTokensOf(vocabulary) })
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}

const tabAndNewline = [0x09, 0x0a]
const printableAscii = range(0x20, 0x7e)
const upperLatin1 = range(0xa0, 0xff)

/** The 256 bytes: covers every token, also parts of characters; other scripts need 2 to 4 symbols a character. */
export function byteAlphabet(vocabulary: readonly VocabularyEntry[]): Alphabet {
  return bounded({ unit: 'byte', specialTokens: specialTokensOf(vocabulary) })
}

/**
 * The 256 bytes and the first `count` pieces that the tokenizer learnt: covers every token, in fewer symbols than bytes.
 *
 * @throws SpellmError setting-invalid where the tokenizer has no pieces
 */
export function pieceAlphabet(vocabulary: readonly VocabularyEntry[], count: number): Alphabet {
  const specialTokens = specialTokensOf(vocabulary)
  return bounded({ unit: 'piece', pieces: choosePieces(vocabulary, count), specialTokens })
}

/** The 95 printable ASCII characters, newline and tab. */
export function asciiAlphabet(vocabulary: readonly VocabularyEntry[]): Alphabet {
  return characterAlphabet([...tabAndNewline, ...printableAscii], vocabulary)
}

/** `asciiAlphabet` and the 96 characters of ISO 8859-1's upper half: Western European languages. */
export function latin1Alphabet(vocabulary: readonly VocabularyEntry[]): Alphabet {
  return characterAlphabet([...tabAndNewline, ...printableAscii, ...upperLatin1], vocabulary)
}

/**
 * The `limit` characters that most tokens of a corpus need, ties by code point.
 *
 * A token counts once for a character however often it has it, because a missing character loses the
 * token once: a run of 64 equals signs says little about how much depends on the equals sign.
 *
 * @param tokenCounts how often each token occurs in the corpus, [V]
 * @param limit the most characters to take, from 1
 * @throws SpellmError setting-invalid for a wrong limit; text-invalid where no token of the corpus is text
 */
export function alphabetFromCorpus(
  tokenCounts: ArrayLike<number>,
  vocabulary: readonly VocabularyEntry[],
  limit: number,
): Alphabet {
  if (!Number.isInteger(limit) || limit < 1 || limit > maxAlphabetSize)
    throw new SpellmError(
      'setting-invalid',
      `alphabet: a limit of ${limit} characters, expected an integer from 1 to ${maxAlphabetSize}`,
      'Choose how many characters the alphabet may have, for example 256.',
    )
  const need = new Map<number, number>()
  for (const [id, { bytes, special }] of vocabulary.entries()) {
    const count = tokenCounts[id] ?? 0
    if (special || count === 0) continue
    for (const text of new Set(decodeUtf8(bytes))) {
      const codePoint = text.codePointAt(0)!
      need.set(codePoint, (need.get(codePoint) ?? 0) + count)
    }
  }
  if (need.size === 0)
    throw new SpellmError(
      'text-invalid',
      'alphabet: the tokens that occur hold no whole character to take',
      'Use a text that is not empty, or spell in bytes.',
    )
  const mostNeeded = [...need].sort(([a, p], [b, q]) => q - p || a - b).slice(0, limit)
  return characterAlphabet(
    mostNeeded.map(([codePoint]) => codePoint),
    vocabulary,
  )
}

/**
 * The `limit` characters that most tokens of the vocabulary need, ties by code point.
 * Throws as `alphabetFromCorpus` does.
 */
export function alphabetFromVocabulary(vocabulary: readonly VocabularyEntry[], limit: number): Alphabet {
  return alphabetFromCorpus(new Uint8Array(vocabulary.length).fill(1), vocabulary, limit)
}

/**
 * The characters that `text` has, each once.
 *
 * @throws SpellmError setting-invalid for an empty text or one with half a surrogate pair
 */
export function customAlphabet(text: string, vocabulary: readonly VocabularyEntry[]): Alphabet {
  const characters = [...new Set(text)]
  const wrong = characters.find((item) => !isCodePoint(item))
  if (characters.length === 0 || wrong !== undefined)
    throw new SpellmError(
      'setting-invalid',
      wrong === undefined
        ? 'alphabet: no character given, expected at least one'
        : `alphabet: U+${wrong.charCodeAt(0).toString(16).toUpperCase()} is half a surrogate pair, not a character`,
      'List the characters that the model may spell with.',
    )
  return characterAlphabet(
    characters.map((item) => item.codePointAt(0)!),
    vocabulary,
  )
}

/** Enough for any alphabetic script in addition to ASCII, at the cost of the byte alphabet. */
const automaticLimit = 256

/**
 * The alphabet that a user asks for in one word:
 *
 * - `ascii`, `latin1`, `bytes`;
 * - `pieces` or `pieces:1000`: as `parsePieces` has it;
 * - `auto` or `auto:500`: the 256 (or 500) characters that the corpus needs most, or the vocabulary
 *   where no counts are given;
 * - `characters:abc …`: these characters.
 *
 * @throws SpellmError setting-invalid for anything else, and as the alphabets' own functions do
 */
export function parseAlphabet(
  description: string,
  vocabulary: readonly VocabularyEntry[],
  tokenCounts?: ArrayLike<number>,
): Alphabet {
  if (description === 'ascii') return asciiAlphabet(vocabulary)
  if (description === 'latin1') return latin1Alphabet(vocabulary)
  if (description === 'bytes') return byteAlphabet(vocabulary)
  const pieces = parsePieces(description)
  if (pieces !== null) return pieceAlphabet(vocabulary, pieces)
  if (description.startsWith('characters:'))
    return customAlphabet(description.slice('characters:'.length), vocabulary)
  const automatic = /^auto(?::(\d{1,6}))?$/.exec(description)
  if (automatic) {
    const limit = automatic[1] === undefined ? automaticLimit : Number(automatic[1])
    return tokenCounts
      ? alphabetFromCorpus(tokenCounts, vocabulary, limit)
      : alphabetFromVocabulary(vocabulary, limit)
  }
  throw new SpellmError(
    'setting-invalid',
    `alphabet: ${JSON.stringify(description.slice(0, 40))} is not known`,
    'Use ascii, latin1, bytes, pieces, auto, auto:NUMBER or characters:LIST.',
  )
}

/**
 * The bytes that text symbols spell (UTF-8 for characters).
 *
 * @param symbols of which the first `length` are read; each must be a text symbol
 */
export function spelledBytes(alphabet: Alphabet, symbols: ArrayLike<number>, length: number): Uint8Array {
  const spelled = Array.from({ length }, (_, i) => symbols[i]!)
  if (spelled.some((symbol) => symbol >= endSymbol(alphabet)))
    throw new RangeError('END and special tokens spell no bytes')
  if (alphabet.unit === 'byte') return Uint8Array.from(spelled)
  if (alphabet.unit === 'group') throw new RangeError('groups spell no bytes')
  if (alphabet.unit === 'piece')
    return Uint8Array.from(spelled.flatMap((symbol) => [...pieceBytes(alphabet.pieces, symbol)]))
  return new TextEncoder().encode(spelled.map((symbol) => alphabet.characters[symbol]!).join(''))
}
