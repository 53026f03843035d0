import { SpellmError } from '../base/errors.ts'
import type { Tokenizer } from '../tokenizer/index.ts'
import type { Architecture } from '../models/architecture.ts'

/** A share of a window: a document's rest that would fill less isn't worth reading without what came before. */
const leastRest = 1 / 4

/**
 * The tokens of documents as one stream, at most `limit` of them. Around each document stands what the tokenizer puts
 * there, and after it the token that ends a document, where the model has one and the tokenizer has not put it already.
 *
 * Of a stream that will be read in windows, few positions should lack their document's beginning, because a
 * model guesses there, and nobody asks it to. So a document that doesn't fit into the rest of a window fills
 * it and begins again with the next, one that is longer than a window continues in the following ones, and a
 * short rest of it is left out.
 *
 * @param windowTokens absent: the stream is not read in windows
 * @throws SpellmError 'text-invalid' if fewer than `minimum` tokens come together
 */
export async function collectTokens(
  documents: AsyncIterable<string> | Iterable<string>,
  tokenizer: Pick<Tokenizer, 'encode' | 'frame'>,
  { endTokens }: Pick<Architecture, 'endTokens'>,
  {
    limit,
    minimum,
    windowTokens = Infinity,
    onProgress,
  }: {
    readonly limit: number
    readonly minimum: number
    readonly windowTokens?: number
    readonly onProgress?: (tokens: number) => void
  },
): Promise<Int32Array> {
  const ids = new Int32Array(limit)
  const { before, after } = tokenizer.frame
  const endToken = endTokens[0]
  const isPut = endToken === undefined || before.includes(endToken) || after.includes(endToken)
  const end = isPut ? after : [...after, endToken]
  let count = 0
  for await (const document of documents) {
    const framed = [...before, ...tokenizer.encode(document), ...end]
    for (const [start, end] of piecesOf(framed.length, count, windowTokens))
      for (let at = start; at < end && count < limit; at++) ids[count++] = framed[at]!
    onProgress?.(count)
    if (count === limit) break
  }
  if (count < minimum)
    throw new SpellmError(
      'text-invalid',
      `The text has ${count} tokens; at least ${minimum} are needed.`,
      'Give more text (to learn from, better a million tokens), or none at all.',
    )
  return ids.slice(0, count)
}

/** Which parts of a document of `length` tokens follow a stream of `count`, in order. */
function* piecesOf(
  length: number,
  count: number,
  windowTokens: number,
): Generator<readonly [start: number, end: number]> {
  const space = windowTokens === Infinity ? Infinity : windowTokens - (count % windowTokens)
  if (length <= space) {
    yield [0, length]
    return
  }
  if (space < windowTokens) yield [0, space]
  for (let start = 0; start < length; start += windowTokens)
    if (start === 0 || length - start >= windowTokens * leastRest)
      yield [start, Math.min(length, start + windowTokens)]
}

/** How often each token occurs, [vocabularySize]. */
export function countTokens(ids: Int32Array, vocabularySize: number): Uint32Array {
  const counts = new Uint32Array(vocabularySize)
  for (const id of ids) counts[id]!++
  return counts
}
