import { z } from 'zod'
import { MergeQueue } from './merge-queue.ts'
import { PairTable } from './pair-table.ts'
import { fieldOf, invalid, quoted, readFields, unsupported, type JsonPath } from './json-path.ts'
import { byteTokens, cached, maxVocabularySize, type Model } from './vocabulary.ts'

// Zod's own record type drops a key '__proto__'.
const vocabularySchema = z.custom<Readonly<Record<string, number>>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'expected a table of tokens and ids',
)

const bpeSchema = z.strictObject({
  type: z.literal('BPE').default('BPE'),
  vocab: vocabularySchema,
  merges: z.array(z.unknown()),
  unk_token: z.string().nullish(),
  fuse_unk: z.boolean().default(false),
  byte_fallback: z.boolean().default(false),
  ignore_merges: z.boolean().default(false),
  dropout: z.number().nullish(),
  continuing_subword_prefix: z.string().nullish(),
  end_of_word_suffix: z.string().nullish(),
})

/**
 * Byte-pair encoding: a piece begins as its characters, and the adjacent pair that comes first in the list of
 * merges is joined until none is left.
 *
 * @throws SpellmError 'file-invalid' | 'model-unsupported'
 */
export function buildBpe(json: object, place: JsonPath): Model {
  const fields = readFields(bpeSchema, json, place)
  for (const name of ['dropout', 'continuing_subword_prefix', 'end_of_word_suffix'] as const)
    if (fields[name]) throw unsupported(fieldOf(place, name), quoted(String(fields[name])))
  const vocabulary = readVocabulary(fields.vocab, fieldOf(place, 'vocab'))
  const unknownToken =
    fields.unk_token === null || fields.unk_token === undefined ? undefined : vocabulary.get(fields.unk_token)
  const { ranks, results, parts } = readMerges(fields.merges, vocabulary, fieldOf(place, 'merges'))

  /** The tokens of a piece's characters, to be merged. */
  const charactersOf = (piece: string): number[] => {
    const tokens: number[] = []
    let hasPendingUnknown = false
    const pushPending = () => {
      if (hasPendingUnknown) tokens.push(unknownToken!)
      hasPendingUnknown = false
    }
    for (const character of piece) {
      const token = vocabulary.get(character)
      if (token !== undefined) {
        pushPending()
        tokens.push(token)
        continue
      }
      const bytes = fields.byte_fallback ? byteTokens(character, vocabulary) : undefined
      if (bytes) tokens.push(...bytes)
      else if (unknownToken !== undefined) {
        if (!fields.fuse_unk) pushPending()
        hasPendingUnknown = true
      }
    }
    pushPending()
    return tokens
  }

  const queue = new MergeQueue()
  const merge = (tokens: number[], ids: number[]) => {
    if (tokens.length < 2) {
      ids.push(...tokens)
      return
    }
    // A linked list: where the next and the previous token that is still there begins.
    const next = Int32Array.from(tokens, (_, i) => i + 1)
    const previous = Int32Array.from(tokens, (_, i) => i - 1)
    const rankAt = (at: number) => {
      const after = next[at]!
      return after < tokens.length ? ranks.get(tokens[at]!, tokens[after]!) : undefined
    }
    const offer = (at: number) => {
      const rank = rankAt(at)
      if (rank !== undefined) queue.push(rank, at)
    }
    for (let at = 0; at < tokens.length; at++) offer(at)
    for (let top = queue.pop(); top; top = queue.pop()) {
      const { rank, at } = top
      // A pair that has changed since was offered again.
      if (tokens[at]! < 0 || rankAt(at) !== rank) continue
      const joined = next[at]!
      tokens[at] = results[rank]!
      tokens[joined] = -1
      next[at] = next[joined]!
      if (next[at] < tokens.length) previous[next[at]] = at
      if (previous[at]! >= 0) offer(previous[at]!)
      offer(at)
    }
    for (let at = 0; at < tokens.length; at = next[at]!) ids.push(tokens[at]!)
  }

  const splitLong = createLongPieceSplitter(vocabulary, results, parts, fields.byte_fallback)
  const encodeWord = cached((word, ids) => merge(charactersOf(word), ids))
  return {
    vocabulary,
    learnt: [...new Set(results)],
    encode: (piece, ids) => {
      const whole = fields.ignore_merges ? vocabulary.get(piece) : undefined
      if (whole !== undefined) ids.push(whole)
      else if (piece.length <= longPiece) encodeWord(piece, ids)
      else for (const word of splitLong(piece)) encodeWord(word, ids)
    },
  }
}

/** @throws SpellmError 'file-invalid' */
function readVocabulary(table: Readonly<Record<string, number>>, place: JsonPath): Map<string, number> {
  const vocabulary = new Map<string, number>()
  const contents = new Map<number, string>()
  for (const [content, id] of Object.entries(table)) {
    if (!Number.isInteger(id) || id < 0 || id >= maxVocabularySize)
      throw invalid(
        place,
        `token ${quoted(content)} has the id ${String(id).slice(0, 20)}, expected 0 to ${maxVocabularySize - 1}`,
      )
    const other = contents.get(id)
    if (other !== undefined)
      throw invalid(place, `tokens ${quoted(other)} and ${quoted(content)} have the same id ${id}`)
    contents.set(id, content)
    vocabulary.set(content, id)
  }
  return vocabulary
}

interface Merges {
  /** A pair of tokens → its place in the list. */
  readonly ranks: PairTable
  /** The token that each merge makes. */
  readonly results: Int32Array
  /** The tokens that are merged. */
  readonly parts: ReadonlySet<number>
}

/** @throws SpellmError 'file-invalid' */
function readMerges(
  merges: readonly unknown[],
  vocabulary: ReadonlyMap<string, number>,
  place: JsonPath,
): Merges {
  if (merges.length > maxVocabularySize)
    throw invalid(place, `${merges.length} merges, expected at most ${maxVocabularySize}`)
  const ranks = new PairTable(merges.length)
  const results = new Int32Array(merges.length)
  const parts = new Set<number>()
  for (const [rank, merge] of merges.entries()) {
    const pair: unknown = typeof merge === 'string' ? merge.split(' ') : merge
    if (!isPair(pair)) throw invalid(fieldOf(place, rank), 'expected two tokens')
    const tokenOf = (content: string) => {
      const token = vocabulary.get(content)
      if (token === undefined)
        throw invalid(fieldOf(place, rank), `${quoted(content)} is not in the vocabulary`)
      return token
    }
    const [left, right] = [tokenOf(pair[0]), tokenOf(pair[1])]
    results[rank] = tokenOf(pair[0] + pair[1])
    ranks.set(left, right, rank)
    parts.add(left).add(right)
  }
  return { ranks, results, parts }
}

function isPair(value: unknown): value is readonly [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string')
}

/** From this length on (in UTF-16 units) it pays to look for places where a piece can be cut. */
const longPiece = 256

/**
 * Cuts a long piece where no merge can ever cross: between two characters that no merged token holds side by side.
 * SentencePiece's tokenizers take a whole text as one piece; its words are then looked up like any others.
 */
function createLongPieceSplitter(
  vocabulary: ReadonlyMap<string, number>,
  results: Int32Array,
  parts: ReadonlySet<number>,
  byteFallback: boolean,
): (piece: string) => Iterable<string> {
  let neighbours: Set<number> | null = null
  const neighboursInTokens = () => {
    const merged = new Set(results)
    const found = new Set<number>()
    for (const [content, id] of vocabulary) {
      if (!merged.has(id)) continue
      let left = -1
      for (const character of content) {
        const right = character.codePointAt(0)!
        if (left >= 0) found.add(pairKey(left, right))
        left = right
      }
    }
    return found
  }
  // Where byte tokens are merged, what a character becomes depends on its neighbours' bytes.
  const mergesBytes =
    byteFallback && [...vocabulary].some(([content, id]) => /^<0x..>$/.test(content) && parts.has(id))

  return function* (piece) {
    if (mergesBytes) {
      yield piece
      return
    }
    neighbours ??= neighboursInTokens()
    let start = 0
    let left = -1
    for (let at = 0; at < piece.length;) {
      const right = piece.codePointAt(at)!
      // Unknown characters side by side may become one token.
      if (left >= 0 && !neighbours.has(pairKey(left, right)) && isKnown(left) && isKnown(right)) {
        yield piece.slice(start, at)
        start = at
      }
      left = right
      at += right > 0xffff ? 2 : 1
    }
    yield piece.slice(start)
  }

  function isKnown(codePoint: number): boolean {
    return vocabulary.has(String.fromCodePoint(codePoint))
  }
}

function pairKey(left: number, right: number): number {
  return left * 0x110000 + right
}
