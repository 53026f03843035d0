import { candidateLimit, distributionSettings } from '../distill/distill-distribution.ts'
import { batchPlan } from '../distill/train-tail.ts'
import { chunksPerGroup, totalSteps } from '../distill/schedule.ts'
import {
  planTeacherCache,
  positionBytes,
  positionsOnDisk,
  teacherCacheBytes,
  teacherCacheShape,
  type TeacherCache,
} from '../distill/teacher-cache.ts'
import { ownTextCacheShape, ownTextShape, type OwnTextShape } from '../distill/own-text/shape.ts'
import { sequencesAtOnce } from '../distill/self-sampling.ts'
import { decoderSize } from '../decode/decoder-size.ts'
import { tailShape } from '../spellm/tail-session.ts'
import { parameterCount, type Architecture } from '../models/architecture.ts'
import { tailParameterCount, type TailShape } from '../models/tail.ts'
import { roomyCapacity } from '../runtime/cache-span.ts'
import {
  blockBytes,
  generationBytes,
  keyValueBytes,
  processBytes,
  tailTrainingBytes,
  teacherBytes,
} from '../runtime/memory/estimate.ts'
import { alphabetSize } from '../spelling/alphabet.ts'
import { memberRows } from '../spelling/groups.ts'
import type { Speller } from '../spelling/speller.ts'
import { chunksOfWindow } from './cache-window.ts'
import { answerPositions, heldOutTokens } from './conversion-text.ts'
import { defaultAdapterWidths, hasSymbols, symbolAdapterWidths, type ConversionSettings } from './settings.ts'

/** What a conversion will take, before it begins. */
export interface ConversionCost {
  readonly steps: number
  /** Number of tokens to learn from. */
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

/** What is known of the text before a conversion begins. */
export interface KnownText {
  /** Tokens of the text; null: as many as are asked for. */
  readonly textTokens: number | null
  /** Whether the base model writes the text itself. */
  readonly isWritten: boolean
  /** Memory that is free, in bytes: with less of it fewer sequences are written at once. Default: enough for all. */
  readonly freeBytes?: number
  /** Disk that is free, in bytes: with less of it the text is streamed. Default: enough for all. */
  readonly freeDiskBytes?: number
}

/** What a conversion takes. */
export function conversionCost(
  architecture: Architecture,
  speller: Speller,
  settings: ConversionSettings,
  text: KnownText,
): ConversionCost {
  return hasSymbols(settings)
    ? symbolConversionCost(architecture, speller, settings, text)
    : characterConversionCost(architecture, speller, settings, text)
}

/** The teacher cache of a text that is read, without the held-out tokens at its beginning. */
function readCache(architecture: Architecture, asked: number, textTokens: number | null): TeacherCache {
  const shape = teacherCacheShape(architecture)
  const available = textTokens === null ? asked : Math.max(0, textTokens - heldOutTokens(architecture))
  return planTeacherCache('', shape, Math.floor(Math.min(asked, available) / shape.tokens))
}

const positionsOf = ({ chunks, positionsPerChunk }: TeacherCache) => chunks * positionsPerChunk

/** A tail that spells every token. */
function characterConversionCost(
  architecture: Architecture,
  speller: Speller,
  settings: ConversionSettings,
  { textTokens, isWritten }: KnownText,
): ConversionCost {
  const shape = teacherCacheShape(architecture)
  const heldOut = heldOutTokens(architecture)
  const cache = readCache(architecture, settings.tokens, textTokens)
  const tokens = positionsOf(cache)
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

/** Positions that are measured during training, in addition to these. */
const measuredAlongTheWay = 4 * 2_048
/** Times that learned groups compare each row with each group. */
const clusterIterations = 8
/** Positions that the choice of the token symbols looks at. */
const usagePositions = 16_384
/** What keys and values of own text may take of the free memory. */
export const keyValueShare = 0.3
/** Tokens that the verdict has both models write, and how much slower than in a window a token alone is. */
const verdictTokens = 1_400
const singleSlowness = 16

/** A tail with token symbols: own text or a given one, targets from states and LM head, greedy answers to measure by. */
function symbolConversionCost(
  architecture: Architecture,
  speller: Speller,
  settings: ConversionSettings,
  { textTokens, isWritten, freeBytes = Infinity, freeDiskBytes = Infinity }: KnownText,
): ConversionCost {
  const { hiddenSize, vocabularySize } = architecture
  const tail = tailShape(hiddenSize, settings.adapterWidths ?? symbolAdapterWidths(hiddenSize), speller)
  const writing = ownTextShape(
    architecture,
    { prefix: [0] },
    { memoryBytes: keyValueShare * freeBytes, device: settings.device },
  )
  const whole = isWritten
    ? writtenCache(writing, hiddenSize, settings.tokens)
    : readCache(architecture, settings.tokens, textTokens)
  const { positionsPerChunk } = whole
  const bytes = positionBytes({ hiddenSize }) + targetBytes(tail)
  const chunksPerWindow =
    chunksOfWindow(settings, { positionsPerChunk, positionBytes: bytes }, freeDiskBytes) ?? whole.chunks
  const training = { ...whole, chunksPerWindow }
  const answers = writtenCache(writing, hiddenSize, answerPositions)
  const tokens = positionsOf(training)
  const steps = totalSteps(batchPlan(training, settings))

  const written = positionsOf(answers) + (isWritten ? tokens : 0)
  const read = isWritten ? 0 : tokens
  const head = 2 * vocabularySize * hiddenSize
  const targets = (tokens + Math.min(tokens, usagePositions)) * head
  const forward = 2 * tailParameterCount(tail)
  const { alphabet } = speller
  const exact = 2 * hiddenSize * (alphabet.tokenSymbols?.length ?? 0)
  const clustering = alphabet.unit === 'group' ? clusterIterations * alphabet.groups.length * head : 0
  const measured = positionsOf(answers) + measuredAlongTheWay
  return {
    steps,
    tokens,
    operations:
      samplingSlowness * written * teacherOperations(architecture, writing.tokens) +
      read * teacherOperations(architecture, training.shape.tokens) +
      targets +
      clustering +
      steps * settings.batchTokens * 3 * forward +
      measured * (forward + exact) +
      singleSlowness * verdictTokens * teacherOperations(architecture, writing.tokens),
    diskBytes:
      teacherCacheBytes(training) +
      teacherCacheBytes(answers) +
      positionsOnDisk(training) * targetBytes(tail) +
      (isWritten ? 0 : 4 * (tokens + heldOutTokens(architecture))) +
      savedTails * floatBytes * tailParameterCount(tail),
    memoryBytes: Math.max(
      isWritten ? 0 : teacherMemoryBytes(architecture, settings),
      trainingMemoryBytes(architecture, tail, { ...settings, chunks: chunksPerWindow, positionsPerChunk }),
      ownTextMemory(architecture, settings, writing, isWritten ? training : answers),
    ),
    tail,
  }
}

/** The cache of a text that the model writes, a chunk a round; a short one is a round of its length. */
function writtenCache(shape: OwnTextShape, hiddenSize: number, positions: number): TeacherCache {
  const positionsPerChunk = Math.min(positions, shape.sequences * shape.tokens)
  const chunks = Math.round(positions / positionsPerChunk)
  return { folder: '', shape: ownTextCacheShape(shape, hiddenSize), chunks, positionsPerChunk }
}

/** Memory that the base model takes to write a round of its own text, in bytes. */
export function ownTextMemory(
  architecture: Architecture,
  { precision, device }: Pick<ConversionSettings, 'precision' | 'device'>,
  { tokens }: OwnTextShape,
  { positionsPerChunk }: TeacherCache,
): number {
  const size = decoderSize(architecture, precision, device)
  const batch = Math.ceil(positionsPerChunk / tokens)
  const pass = { batch, prompt: 1, context: tokens, head: 'packed' } as const
  // What keys and values were copied from when they grew stays in memory until it is collected.
  const outgrown =
    tokens <= growth ? 0 : keyValueBytes(size, { batch, tokens: roomyCapacity(tokens - growth) })
  return processBytes(size) + generationBytes(size, pass) + outgrown
}

/** Tokens that a cache of keys and values grows by. */
const growth = 64

/** Bytes of a position's targets, on disk and in memory. */
export const targetBytes = ({ alphabetSize: symbols }: Pick<TailShape, 'alphabetSize'>) => 2 * symbols + 24

/**
 * Of the LM head's rows, how many a token without a doubt reads for its tail: token symbols, adapter, first head, members of
 * learned groups. Null: every token is spelled.
 */
export function tailShareOf(
  { adapterWidths }: Pick<TailShape, 'adapterWidths'>,
  { alphabet }: Pick<Speller, 'alphabet'>,
  { vocabularySize }: Pick<Architecture, 'vocabularySize'>,
): number | null {
  if (!alphabet.tokenSymbols) return null
  const adapter = adapterWidths.reduce((sum, width) => sum + 3 * width, 0)
  const members = alphabet.unit === 'group' ? memberRows(alphabet) : 0
  return (alphabet.tokenSymbols.length + alphabetSize(alphabet) + adapter + members) / vocabularySize
}

/** Operations of learning the tail for sampling: its training, the teacher's scores, and those of spellings both ways. */
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

/** Operations of one token in a window: two for each weight that is multiplied with, and the attention to the tokens before. */
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
    positionsPerChunk = planTeacherCache('', teacherCacheShape(architecture), 0).positionsPerChunk,
  }: Pick<ConversionSettings, 'batchTokens' | 'precision' | 'device' | 'samplingTail'> & {
    readonly chunks: number
    /** Default: those of a text that is read. */
    readonly positionsPerChunk?: number
  },
): number {
  const loadedPositions = Math.min(chunks, chunksPerGroup) * positionsPerChunk
  const training = tailTrainingBytes({
    ...shape,
    parameters: tailParameterCount(shape),
    batchTokens,
    candidates: samplingTail ? Math.min(candidateLimit, architecture.vocabularySize) : 0,
    loadedPositions,
  })
  const size = decoderSize(architecture, precision, device)
  const tailBytes = floatBytes * tailParameterCount(shape)
  // To be measured it is loaded: written as a graph, which onnxruntime reads, keeps and arranges for its products.
  const measuring = 4 * tailBytes
  // The weights of the first tail stay while the second learns.
  const firstTail = samplingTail ? tailBytes : 0
  // A bias is what tails with token symbols have.
  const targets = shape.hasBias ? loadedPositions * targetBytes(shape) : 0
  return processBytes(size) + blockBytes(size) + firstTail + training + targets + measuring
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

/** A tail and its two moments in two checkpoints, and in the SpeLLM. */
const savedTails = 2 * 3 + 1

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
  // The checkpoints of the second hold the first's weights, too.
  const tails = samplingTail ? 2 * 4 + 2 : savedTails
  return cache + tokens + tails * floatBytes * tailParameterCount(shape)
}
