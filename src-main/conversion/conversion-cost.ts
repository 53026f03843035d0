import { candidateLimit, distributionSettings } from '../distill/distill-distribution.ts'
import { batchPlan } from '../distill/train-tail.ts'
import { chunksPerGroup, totalSteps } from '../distill/schedule.ts'
import {
  planTeacherCache,
  teacherCacheBytes,
  teacherCacheShape,
  type TeacherCache,
} from '../distill/teacher-cache.ts'
import { sequencesAtOnce } from '../distill/self-sampling.ts'
import { decoderSize } from '../decode/decoder-size.ts'
import { tailShape } from '../spellm/tail-session.ts'
import { parameterCount, type Architecture } from '../models/architecture.ts'
import { tailParameterCount, type TailShape } from '../models/tail.ts'
import {
  blockBytes,
  generationBytes,
  processBytes,
  tailTrainingBytes,
  teacherBytes,
} from '../runtime/memory/estimate.ts'
import type { Speller } from '../spelling/speller.ts'
import { heldOutTokens } from './conversion-text.ts'
import { defaultAdapterWidths, type ConversionSettings } from './settings.ts'

/** What a conversion will take, before it begins. */
export interface ConversionCost {
  readonly steps: number
  /** To learn from. */
  readonly tokens: number
  /** Floating-point operations of all matrix products. */
  readonly operations: number
  readonly diskBytes: number
  readonly memoryBytes: number
  readonly tail: TailShape
}

const floatBytes = 4
/** Passes over the held-out positions: the last evaluation reads all of them, the others a part. */
const evaluationPasses = 2
/**
 * Sampling reads a few rows at a time, for which matrix products are slower than those that are measured, and it
 * attends to all that was written.
 */
const samplingSlowness = 4

/**
 * What a conversion takes.
 *
 * @param textTokens tokens of the text; null: as many as are asked for
 * @param isWritten whether the base model writes the text itself
 */
export function conversionCost(
  architecture: Architecture,
  speller: Speller,
  settings: ConversionSettings,
  { textTokens, isWritten }: { readonly textTokens: number | null; readonly isWritten: boolean },
): ConversionCost {
  const shape = teacherCacheShape(architecture)
  const heldOut = heldOutTokens(architecture)
  const available = textTokens === null ? settings.tokens : Math.max(0, textTokens - heldOut)
  const asked = Math.min(settings.tokens, available)
  const cache = planTeacherCache('', shape, Math.floor(asked / shape.tokens))
  const tokens = cache.chunks * cache.positionsPerChunk
  const { hiddenSize, vocabularySize } = architecture
  const tail = tailShape(hiddenSize, settings.adapterWidths ?? defaultAdapterWidths(hiddenSize), speller)
  const steps = totalSteps(batchPlan(cache, settings))

  const teacher = (tokens + heldOut) * teacherOperations(architecture, shape.tokens)
  const written = isWritten ? (tokens + heldOut) * teacherOperations(architecture, shape.tokens) : 0
  const forward = 2 * tailParameterCount(tail)
  // The backward pass makes two products for each of the forward pass.
  const training = steps * settings.batchTokens * 3 * forward
  const sampling = settings.samplingTail ? samplingOperations(tail, cache, vocabularySize, settings) : 0
  const evaluation = evaluationPasses * heldOut * forward
  const chunks = cache.chunks + heldOut / cache.positionsPerChunk
  return {
    steps,
    tokens,
    operations: teacher + samplingSlowness * written + training + sampling + evaluation,
    diskBytes: runDiskBytes(architecture, tail, settings, chunks),
    memoryBytes: Math.max(
      teacherMemoryBytes(architecture, settings),
      trainingMemoryBytes(architecture, tail, { ...settings, chunks: cache.chunks }),
      isWritten ? writingMemoryBytes(architecture, settings) : 0,
    ),
    tail,
  }
}

/** Of learning the tail for sampling: its training, the teacher's scores, and those of spellings both ways. */
function samplingOperations(
  tail: TailShape,
  cache: TeacherCache,
  vocabularySize: number,
  settings: ConversionSettings,
): number {
  const plan = batchPlan(cache, distributionSettings(settings))
  const candidates = Math.min(candidateLimit, vocabularySize)
  const scores = 2 * candidates * (tail.hiddenSize + 2 * tail.k * tail.alphabetSize)
  return totalSteps(plan) * plan.batchTokens * (6 * tailParameterCount(tail) + scores)
}

/** Of one token in a window: two for each weight that is multiplied with, and the attention to the tokens before. */
function teacherOperations(architecture: Architecture, windowTokens: number): number {
  const { hiddenSize, vocabularySize, tiedHead, layers, attention } = architecture
  // The embedding is looked up, not multiplied with; tied, it is the head as well.
  const multiplied = parameterCount(architecture) - (tiedHead ? 0 : vocabularySize * hiddenSize)
  return 2 * multiplied + 4 * layers.length * attention.heads * attention.headSize * windowTokens
}

/** Memory that filling the teacher cache takes, in bytes, with `windows` windows at once. */
export function teacherMemoryBytes(
  architecture: Architecture,
  { precision, device }: Pick<ConversionSettings, 'precision' | 'device'>,
  windows?: number,
): number {
  const { batch, tokens } = teacherCacheShape(architecture)
  const size = decoderSize(architecture, precision, device)
  return processBytes(size) + teacherBytes(size, { windows: windows ?? batch, tokens })
}

/** Memory that training the tail or tails takes, in bytes; the trunk is there meanwhile, for samples along the way. */
export function trainingMemoryBytes(
  architecture: Architecture,
  shape: TailShape,
  {
    batchTokens,
    precision,
    device,
    samplingTail,
    chunks,
  }: Pick<ConversionSettings, 'batchTokens' | 'precision' | 'device' | 'samplingTail'> & {
    readonly chunks: number
  },
): number {
  const { positionsPerChunk } = planTeacherCache('', teacherCacheShape(architecture), 0)
  const training = tailTrainingBytes({
    ...shape,
    parameters: tailParameterCount(shape),
    batchTokens,
    candidates: samplingTail ? Math.min(candidateLimit, architecture.vocabularySize) : 0,
    loadedPositions: Math.min(chunks, chunksPerGroup) * positionsPerChunk,
  })
  const size = decoderSize(architecture, precision, device)
  const tailBytes = floatBytes * tailParameterCount(shape)
  // To be measured it is loaded: written as a graph, which onnxruntime reads, keeps and arranges for its products.
  const measuring = 4 * tailBytes
  // The weights of the first tail stay while the second learns.
  const firstTail = samplingTail ? tailBytes : 0
  return processBytes(size) + blockBytes(size) + firstTail + training + measuring
}

/** Memory that the base model takes to write the text itself, in bytes. */
export function writingMemoryBytes(
  architecture: Architecture,
  { precision, device }: Pick<ConversionSettings, 'precision' | 'device'>,
): number {
  const { tokens } = teacherCacheShape(architecture)
  const size = decoderSize(architecture, precision, device)
  const pass = { batch: sequencesAtOnce, prompt: 1, context: tokens, head: 'packed' } as const
  return processBytes(size) + generationBytes(size, pass)
}

/** Disk that a run takes at most, in bytes: the teacher cache, the tokens, two checkpoints and the SpeLLM. */
function runDiskBytes(
  architecture: Architecture,
  shape: TailShape,
  { samplingTail }: Pick<ConversionSettings, 'samplingTail'>,
  chunks: number,
): number {
  const cacheShape = teacherCacheShape(architecture)
  const { positionsPerChunk } = planTeacherCache('', cacheShape, 0)
  const cache = teacherCacheBytes({ folder: '', shape: cacheShape, chunks, positionsPerChunk })
  const tokens = chunks * positionsPerChunk * 4
  const savedTails = samplingTail ? 2 * 4 + 2 : 2 * 3 + 1
  return cache + tokens + savedTails * floatBytes * tailParameterCount(shape)
}
