import { availableParallelism } from 'node:os'
import type { Architecture } from '../../models/architecture.ts'
import { rememberedBeyond } from '../../runtime/key-value-cache.ts'
import { keyValueBytes } from '../../runtime/memory/estimate.ts'
import type { DeviceChoice } from '../../runtime/devices/device.ts'
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
const usualTokens = 320
/** Room for the answer to a question that is longer than usual. */
const usualAnswer = 160

/** The longest question, in tokens, that somebody may give; a question and its answer go into one sequence. */
export const longestQuestion = 512

/**
 * Sequences that a device writes as fast as more of them, a power of two. A stop costs the round that is being written, so it
 * shall be short.
 *
 * @param cores of the processor
 */
export function enoughSequences(device: DeviceChoice, cores: number = availableParallelism()): number {
  if (device !== 'cpu' && device !== 'auto') return mostSequences
  return Math.min(mostSequences, 2 ** Math.floor(Math.log2(sequencesOfACore * Math.max(2, cores))))
}

/** Products of more rows for each core are no faster. */
const sequencesOfACore = 8

/**
 * How many sequences a round writes, and how long they are: as many as the device is fastest with, if keys and values leave
 * room for them, and as long as the model's context and its windows allow.
 *
 * @param memoryBytes what keys and values may take
 * @param questionTokens of the longest question that is given; 0: the model asks itself
 */
export function ownTextShape(
  architecture: Architecture,
  { prefix }: Pick<ConversationPieces, 'prefix'>,
  {
    memoryBytes,
    device,
    questionTokens = 0,
  }: {
    readonly memoryBytes: number
    readonly device: DeviceChoice
    readonly questionTokens?: number
  },
): OwnTextShape {
  const whole = prefix.length - 1
  const tokens = Math.min(
    Math.max(usualTokens, questionTokens + usualAnswer),
    roomAfter(architecture, { prefix }),
  )
  let sequences = enoughSequences(device)
  while (
    sequences > leastSequences &&
    ownTextMemoryBytes(architecture, { sequences, tokens: whole + tokens }) > memoryBytes
  )
    sequences /= 2
  return { sequences, tokens }
}

/** Tokens that a sequence may have at the most. */
export function roomAfter(
  { layers, contextLength }: Pick<Architecture, 'layers' | 'contextLength'>,
  { prefix }: Pick<ConversationPieces, 'prefix'>,
): number {
  const windows = layers.flatMap(({ attention: { window } }) => (window === null ? [] : [window]))
  // A cache whose window has moved on can't be truncated to the prefix.
  const held = windows.length > 0 ? Math.max(...windows) + rememberedBeyond : Infinity
  return Math.min(contextLength, held) - (prefix.length - 1)
}

/** Bytes that keys and values of all sequences take on the CPU. */
export function ownTextMemoryBytes(
  { layers, attention: { keyValueHeads, headSize } }: Pick<Architecture, 'layers' | 'attention'>,
  { sequences, tokens }: OwnTextShape,
): number {
  const size = { layers: layers.length, keyValueHeads, headSize, keyValueNumberBytes: 4 }
  return keyValueBytes(size, { batch: sequences, tokens })
}

/** The shape of a cache whose chunks are rounds. */
export function ownTextCacheShape(
  { sequences, tokens }: OwnTextShape,
  hiddenSize: number,
): TeacherCacheShape {
  return { batch: sequences / leastSequences, tokens, hiddenSize }
}
