import { z } from 'zod'
import { PairTable } from './pair-table.ts'
import { fieldOf, invalid, quoted, readFields, type JsonPath } from './json-path.ts'
import { byteTokens, cached, maxVocabularySize, type Model } from './vocabulary.ts'

const unigramSchema = z.strictObject({
  type: z.literal('Unigram'),
  vocab: z.array(z.unknown()).min(1).max(maxVocabularySize),
  unk_id: z.int().min(0).nullish(),
  byte_fallback: z.boolean().default(false),
})

/** How much worse than the worst token an unknown character is. */
const unknownPenalty = 10

/**
 * Unigram: of all ways to split a piece into tokens, the one with the highest sum of scores (log-probabilities).
 *
 * @throws SpellmError 'file-invalid' | 'model-unsupported'
 */
export function buildUnigram(json: object, place: JsonPath): Model {
  const fields = readFields(unigramSchema, json, place)
  const { vocabulary, scores } = readVocabulary(fields.vocab, fieldOf(place, 'vocab'))
  const unknownToken = fields.unk_id ?? undefined
  if (unknownToken !== undefined && unknownToken >= scores.length)
    throw invalid(fieldOf(place, 'unk_id'), `expected an id below ${scores.length}, found ${unknownToken}`)
  const unknownScore = scores.reduce((a, b) => Math.min(a, b), Infinity) - unknownPenalty

  // A trie: node and UTF-16 unit → node; node → token.
  const children = new PairTable(4 * scores.length)
  const tokenAt: number[] = [-1]
  for (const [content, id] of vocabulary) {
    let node = 0
    for (let i = 0; i < content.length; i++) {
      let child = children.get(node, content.charCodeAt(i))
      if (child === undefined) {
        child = tokenAt.length
        tokenAt.push(-1)
        children.set(node, content.charCodeAt(i), child)
      }
      node = child
    }
    if (node > 0) tokenAt[node] = id
  }

  const pushUnknown = (text: string, ids: number[]) => {
    const bytes = fields.byte_fallback ? byteTokens(text, vocabulary) : undefined
    if (bytes) for (const byte of bytes) ids.push(byte)
    else if (unknownToken !== undefined) ids.push(unknownToken)
    else throw invalid(fieldOf(place, 'unk_id'), `no token stands for ${quoted(text)}, nor for unknown text`)
  }

  const encode = (piece: string, ids: number[]) => {
    const best = new Float64Array(piece.length + 1).fill(-Infinity)
    const startOf = new Int32Array(piece.length + 1)
    const tokenOf = new Int32Array(piece.length + 1)
    best[0] = 0
    const offer = (start: number, end: number, token: number, score: number) => {
      if (best[start]! + score <= best[end]!) return
      best[end] = best[start]! + score
      startOf[end] = start
      tokenOf[end] = token
    }
    for (let start = 0; start < piece.length;) {
      const characterEnd = start + (piece.codePointAt(start)! > 0xffff ? 2 : 1)
      let hasCharacter = false
      let node: number | undefined = 0
      for (let end = start; end < piece.length;) {
        node = children.get(node, piece.charCodeAt(end++))
        if (node === undefined) break
        const token = tokenAt[node]!
        if (token < 0) continue
        offer(start, end, token, scores[token]!)
        if (end === characterEnd) hasCharacter = true
      }
      if (!hasCharacter) offer(start, characterEnd, unknownInPath, unknownScore)
      start = characterEnd
    }

    const path: { start: number; end: number; token: number }[] = []
    for (let end = piece.length; end > 0; end = startOf[end]!) {
      const token = tokenOf[end]!
      const isUnknown = token === unknownInPath || token === unknownToken
      const later = path.at(-1)
      // Unknown characters side by side are one unknown text.
      if (isUnknown && later?.token === unknownInPath) later.start = startOf[end]!
      else path.push({ start: startOf[end]!, end, token: isUnknown ? unknownInPath : token })
    }
    for (const { start, end, token } of path.reverse())
      if (token === unknownInPath) pushUnknown(piece.slice(start, end), ids)
      else ids.push(token)
  }
  const learnt = [...scores.keys()]
    .filter((id) => id !== unknownToken)
    .sort((a, b) => scores[b]! - scores[a]! || a - b)
  return { vocabulary, learnt, encode: cached(encode) }
}

const unknownInPath = -1

/** @throws SpellmError 'file-invalid' */
function readVocabulary(
  list: readonly unknown[],
  place: JsonPath,
): { vocabulary: Map<string, number>; scores: Float64Array } {
  const vocabulary = new Map<string, number>()
  const scores = new Float64Array(list.length)
  for (const [id, entry] of list.entries()) {
    if (!isScored(entry)) throw invalid(fieldOf(place, id), 'expected a token and its score')
    const [content, score] = entry
    const other = vocabulary.get(content)
    if (other !== undefined)
      throw invalid(fieldOf(place, id), `token ${quoted(content)} has the id ${other} already`)
    vocabulary.set(content, id)
    scores[id] = score
  }
  return { vocabulary, scores }
}

function isScored(value: unknown): value is readonly [string, number] {
  return (
    Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && Number.isFinite(value[1])
  )
}
