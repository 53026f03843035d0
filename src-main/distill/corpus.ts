import { SpellmError } from '../errors.ts'
import type { Tokenizer } from '../formats/tokenizer.ts'
import type { Architecture } from '../models/architecture.ts'

/**
 * The tokens of documents as one stream, at most `limit` of them: before each document the token that begins
 * one, after it the one that ends it, where the model has such tokens.
 *
 * @throws SpellmError 'text-invalid' if fewer than `minimum` tokens come together
 */
export async function collectTokens(
  documents: AsyncIterable<string> | Iterable<string>,
  tokenizer: Tokenizer,
  { beginToken, endTokens }: Architecture,
  {
    limit,
    minimum,
    onProgress,
  }: { readonly limit: number; readonly minimum: number; readonly onProgress?: (tokens: number) => void },
): Promise<Int32Array> {
  const ids = new Int32Array(limit)
  const endToken = endTokens[0] === beginToken ? undefined : endTokens[0]
  let count = 0
  for await (const document of documents) {
    const framed = [
      ...(beginToken === null ? [] : [beginToken]),
      ...tokenizer.encode(document),
      ...(endToken === undefined ? [] : [endToken]),
    ]
    for (const id of framed) if (count < limit) ids[count++] = id
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

/** How often each token occurs, [vocabularySize]. */
export function countTokens(ids: Int32Array, vocabularySize: number): Uint32Array {
  const counts = new Uint32Array(vocabularySize)
  for (const id of ids) counts[id]!++
  return counts
}
