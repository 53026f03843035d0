import { setImmediate } from 'node:timers/promises'
import { SpellmError } from '../base/errors.ts'
import type { TailShape } from '../models/tail.ts'
import { halfTensor, type Device, type Feeds } from '../runtime/session.ts'
import {
  createTrainer,
  type StepResult,
  type TrainerState,
  type TrainingGraph,
} from '../runtime/trainer/index.ts'
import { ownTurn, type Turn } from '../runtime/turns.ts'
import type { Speller } from '../spelling/speller.ts'
import { learningRateFactor, totalSteps, trainingGroups, type BatchPlan } from './schedule.ts'
import { readChunk, type TeacherCache } from './teacher-cache.ts'

/** How a tail is trained; the defaults were the best of those compared on small models. */
export interface DistillSettings {
  readonly batchTokens: number
  readonly epochs: number
  readonly seed: number
  readonly peakLearningRates: { readonly adapter: number; readonly heads: number }
  /** Share of the steps over which the learning rate rises. */
  readonly warmUp: number
  readonly weightDecay: number
}

export const defaultDistillSettings: DistillSettings = {
  batchTokens: 2048,
  epochs: 3,
  seed: 0,
  peakLearningRates: { adapter: 3e-3, heads: 5e-3 },
  warmUp: 0.05,
  weightDecay: 0.01,
}

/** What is known after each optimiser step. */
export interface StepMetrics {
  /** Steps taken, from 1. */
  readonly step: number
  readonly epoch: number
  readonly loss: number
  readonly learningRates: { readonly adapter: number; readonly heads: number }
  readonly gradientNorm: number
  readonly tokensPerSecond: number
}

export interface TrainingOptions<Measured> {
  readonly device: Device
  /** Called after each step; `state` copies what a checkpoint needs. Training ends with what this throws. */
  readonly onStep: (metrics: StepMetrics & Measured, state: () => Promise<TrainerState>) => Promise<void>
  /** Called before each step: whether training should end now, with the weights so far. */
  readonly isEnough?: () => boolean
  /** The step to end at, where a window of the cache does; default: the last one. */
  readonly until?: number
  /** Shares the engine's thread: each step computes in a turn of its own. */
  readonly turn?: Turn
}

/** A tail to train, and what its heads spell. */
export interface TailDesign {
  readonly shape: TailShape
  readonly speller: Speller
}

/** What a tail learns. */
export interface TrainingTask<Measured> {
  /** Its inputs are `hidden` float16 [batch, d] and those that a batch feeds. */
  readonly graph: TrainingGraph
  /** `BatchPlan.together` of its batches. */
  readonly together?: number
  /**
   * Prepares what the chunks of a group have in common; then each batch of it.
   *
   * @param choices the teacher's, of all positions of the chunks
   */
  readonly prepare: (
    choices: Int32Array,
    chunks: readonly number[],
  ) => BatchMaker<Measured> | Promise<BatchMaker<Measured>>
}

type BatchMaker<Measured> = (positions: Uint32Array, step: number) => Batch<Measured>

interface Batch<Measured> {
  readonly feeds: Feeds
  /** What a step's metrics say in addition to loss and gradient. */
  readonly measured: (metrics: StepResult['metrics']) => Measured
}

/** What no setting changes. */
export const tailOptimizer = { beta1: 0.9, beta2: 0.98, epsilon: 1e-8, maxGradientNorm: 1 }

/** The order of batches for a cache; its number of steps is `totalSteps(plan)`. */
export function batchPlan(cache: TeacherCache, { batchTokens, epochs, seed }: DistillSettings): BatchPlan {
  const { chunks, chunksPerWindow, positionsPerChunk } = cache
  return { chunks, chunksPerWindow, positionsPerChunk, batchTokens, epochs, seed }
}

/**
 * Trains a tail on a teacher cache. The result depends on the task, the settings, the cache and the initial state
 * only, not on interruptions.
 *
 * @param initial the state to resume from, or a fresh one
 * @returns the final state
 * @throws SpellmError 'training-diverged' at a loss or gradient that isn't finite
 */
export async function trainTail<Measured>(
  { graph, together, prepare }: TrainingTask<Measured>,
  cache: TeacherCache,
  settings: DistillSettings,
  initial: TrainerState,
  { device, onStep, isEnough, until = Infinity, turn = ownTurn }: TrainingOptions<Measured>,
): Promise<TrainerState> {
  const plan = { ...batchPlan(cache, settings), together }
  const steps = totalSteps(plan)
  const warmUpSteps = Math.max(1, Math.round(steps * settings.warmUp))
  const trainer = await createTrainer(graph, initial, {
    ...tailOptimizer,
    device,
    weightDecay: settings.weightDecay,
  })
  let step = initial.step
  try {
    for (const group of trainingGroups(plan)) {
      if (group.firstStep >= until) break
      const batches = group.firstStep + group.steps <= step ? [] : group.batches()
      if (batches.length === 0) continue
      const { states, choices } = await loadChunks(cache, group.chunks)
      const batchOf = await prepare(choices, group.chunks)
      for (const positions of batches.slice(Math.max(0, step - group.firstStep))) {
        if (isEnough?.()) return await trainer.state()
        const factor = learningRateFactor(step, { steps, warmUpSteps })
        const learningRates = {
          adapter: factor * settings.peakLearningRates.adapter,
          heads: factor * settings.peakLearningRates.heads,
        }
        const { feeds, measured } = batchOf(positions, step)
        const hidden = halfTensor(states(positions), [positions.length, cache.shape.hiddenSize])
        let started = 0
        const { loss, gradientNorm, metrics } = await turn(() => {
          started = performance.now()
          return trainer.step({ ...feeds, hidden }, learningRates)
        })
        step++
        if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) throw diverged(step)
        const stepMetrics: StepMetrics & Measured = {
          step,
          epoch: group.epoch,
          loss,
          learningRates,
          gradientNorm,
          tokensPerSecond: positions.length / ((performance.now() - started) / 1000),
          ...measured(metrics),
        }
        await onStep(stepMetrics, () => trainer.state())
        // onnxruntime runs on this thread: let signals and timers in between.
        await setImmediate()
      }
    }
    return await trainer.state()
  } finally {
    await trainer.release()
  }
}

function diverged(step: number): SpellmError {
  return new SpellmError(
    'training-diverged',
    `Training diverged: after step ${step} the loss or its gradient is no longer finite.`,
    'Start a new run with lower learning rates, for example half of these.',
  )
}

/** The hidden states of some positions of some chunks, float16 [positions · d], and the choices of all. */
async function loadChunks(cache: TeacherCache, chunks: readonly number[]) {
  const { positionsPerChunk, shape } = cache
  const d = shape.hiddenSize
  const hidden: Uint16Array[] = []
  const choices = new Int32Array(chunks.length * positionsPerChunk)
  for (const [i, chunk] of chunks.entries()) {
    const loaded = await readChunk(cache, chunk)
    hidden.push(loaded.hidden)
    choices.set(loaded.choices, i * positionsPerChunk)
  }
  const states = (positions: Uint32Array): Uint16Array => {
    const gathered = new Uint16Array(positions.length * d)
    positions.forEach((position, row) => {
      const within = position % positionsPerChunk
      const chunk = hidden[Math.floor(position / positionsPerChunk)]!
      gathered.set(chunk.subarray(within * d, (within + 1) * d), row * d)
    })
    return gathered
  }
  return { states, choices }
}
