import { availableParallelism } from 'node:os'
import { parameterCount, type Architecture } from '../../models/architecture.ts'
import { rememberedBeyond } from '../../runtime/cache-span.ts'
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

/** With fewer, products have too few rows for each weight that is read: a token takes a third longer than with 128. */
const enoughSequences = 24
/** What a stop may cost. */
const roundSeconds = 70
/** Operations a second of a core, written texts and their attention included: SmolLM2-135M writes 240 tokens on two. */
const coreRate = 30e9

/**
 * As many sequences as a CPU writes in about a minute, since a stop costs the round that is being written: with
 * SmolLM2-135M and two cores 48, 7 % slower than 128. Other devices write 128 in less.
 *
 * @param tokens of each sequence
 * @param cores of the CPU
 */
export function sequencesOfARound(
  architecture: Architecture,
  tokens: number,
  device: DeviceChoice,
  cores: number = availableParallelism(),
): number {
  if (device !== 'cpu' && device !== 'auto') return mostSequences
  const tokensPerSecond = (cores * coreRate) / (2 * parameterCount(architecture))
  const fitting = Math.floor((roundSeconds * tokensPerSecond) / tokens / leastSequences) * leastSequences
  return Math.max(enoughSequences, Math.min(mostSequences, fitting))
}

/**
 * How many sequences a round writes, and how long they are: as `sequencesOfARound` has it, if keys and values leave room for
 * them, and as long as the model's context and its windows allow.
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
  let sequences = sequencesOfARound(architecture, tokens, device)
  while (
    sequences > leastSequences &&
    ownTextMemoryBytes(architecture, { sequences, tokens: whole + tokens }) > memoryBytes
  )
    sequences -= leastSequences
  return { sequences, tokens }
}

/** The maximum number of tokens of a sequence. */
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
