import { tailShape } from '../decode/tail-session.ts'
import { batchPlan } from '../distill/distill.ts'
import { totalSteps } from '../distill/schedule.ts'
import { planTeacherCache, teacherCacheShape } from '../distill/teacher-cache.ts'
import type { Architecture } from '../models/architecture.ts'
import { parameterCount } from '../models/architecture.ts'
import { tailParameterCount, type TailShape } from '../models/tail.ts'
import { heldOutTokens } from './convert.ts'
import { runDiskBytes, tailMemoryBytes, teacherMemoryBytes } from './resources.ts'
import { defaultAdapterWidths, type ConversionSettings } from './settings.ts'
import type { Speller } from '../spelling/speller.ts'

/** What a conversion will take, before it begins. */
export interface ConversionEstimate {
  readonly steps: number
  /** To learn from. */
  readonly tokens: number
  /** Floating-point operations of all matrix products. */
  readonly operations: number
  readonly diskBytes: number
  readonly memoryBytes: number
  readonly tail: TailShape
}

/** Passes over the held-out positions: the last evaluation reads all of them, the others a part. */
const evaluationPasses = 2
/**
 * Sampling reads a few rows at a time, for which matrix products are slower than those that are measured, and it
 * attends to all that was written.
 */
const samplingSlowness = 4

/**
 * Estimates a conversion.
 *
 * @param textTokens tokens of the text; null: as many as are asked for, `isWritten` by the base model itself or not
 */
export function estimateConversion(
  architecture: Architecture,
  speller: Speller,
  settings: ConversionSettings,
  { textTokens, isWritten }: { readonly textTokens: number | null; readonly isWritten: boolean },
): ConversionEstimate {
  const shape = teacherCacheShape(architecture)
  const heldOut = heldOutTokens(architecture)
  const available = textTokens === null ? settings.tokens : Math.max(0, textTokens - heldOut)
  const asked = Math.min(settings.tokens, available)
  const cache = planTeacherCache('', shape, Math.floor(asked / shape.tokens))
  const tokens = cache.chunks * cache.positionsPerChunk
  const { hiddenSize } = architecture
  const tail = tailShape(hiddenSize, settings.adapterWidths ?? defaultAdapterWidths(hiddenSize), speller)
  const steps = totalSteps(batchPlan(cache, settings))

  const teacher = (tokens + heldOut) * teacherOperations(architecture, shape.tokens)
  const written = isWritten ? (tokens + heldOut) * teacherOperations(architecture, shape.tokens) : 0
  const forward = 2 * tailParameterCount(tail)
  // The backward pass makes two products for each of the forward pass.
  const training = steps * settings.batchTokens * 3 * forward
  const evaluation = evaluationPasses * heldOut * forward
  const chunks = cache.chunks + heldOut / cache.positionsPerChunk
  return {
    steps,
    tokens,
    operations: teacher + samplingSlowness * written + training + evaluation,
    diskBytes: runDiskBytes(architecture, tail, chunks),
    memoryBytes: Math.max(
      teacherMemoryBytes(architecture),
      tailMemoryBytes(architecture, tail, { batchTokens: settings.batchTokens, chunks: cache.chunks }),
    ),
    tail,
  }
}

/** Of one token in a window: two for each weight that is multiplied with, and the attention to the tokens before. */
function teacherOperations(architecture: Architecture, windowTokens: number): number {
  const { hiddenSize, vocabularySize, tiedHead, layers, attention } = architecture
  // The embedding is looked up, not multiplied with; tied, it is the head as well.
  const multiplied = parameterCount(architecture) - (tiedHead ? 0 : vocabularySize * hiddenSize)
  return 2 * multiplied + 4 * layers * attention.heads * attention.headSize * windowTokens
}
