import type { Architecture } from '../../models/architecture.ts'
import { rememberedBeyond } from '../../runtime/key-value-cache.ts'
import type { TeacherCacheShape } from '../teacher-cache.ts'
import type { ConversationPieces } from './conversation-pieces.ts'

/** S and T of a round. */
export interface OwnTextShape {
  readonly sequences: number
  readonly tokens: number
}

const mostSequences = 128
/** A chunk of the cache holds eight batches. */
const leastSequences = 8
/** Room for a question and an answer of usual length, or several short ones. */
const mostTokens = 320

/**
 * How many sequences a round writes, and how long they are: as many as keys and values leave room for, since a pass over
 * the weights takes about as long for 128 as for 32, and as long as the model's context and its windows allow.
 *
 * @param memoryBytes what keys and values may take
 */
export function ownTextShape(
  architecture: Architecture,
  { prefix }: Pick<ConversationPieces, 'prefix'>,
  memoryBytes: number,
): OwnTextShape {
  const windows = architecture.layers.flatMap(({ attention: { window } }) =>
    window === null ? [] : [window],
  )
  // A cache whose window has moved on can't be truncated to the prefix.
  const held = windows.length > 0 ? Math.max(...windows) + rememberedBeyond : Infinity
  const whole = prefix.length - 1
  const tokens = Math.min(mostTokens, architecture.contextLength - whole, held - whole)
  let sequences = mostSequences
  while (
    sequences > leastSequences &&
    ownTextMemoryBytes(architecture, { sequences, tokens: whole + tokens }) > memoryBytes
  )
    sequences /= 2
  return { sequences, tokens }
}

/** Bytes that keys and values of all sequences take on the CPU. */
export function ownTextMemoryBytes(
  { layers, attention: { keyValueHeads, headSize } }: Pick<Architecture, 'layers' | 'attention'>,
  { sequences, tokens }: OwnTextShape,
): number {
  return sequences * tokens * 2 * layers.length * keyValueHeads * headSize * 4
}

/** The shape of a cache whose chunks are rounds. */
export function ownTextCacheShape(
  { sequences, tokens }: OwnTextShape,
  hiddenSize: number,
): TeacherCacheShape {
  return { batch: sequences / leastSequences, tokens, hiddenSize }
}
