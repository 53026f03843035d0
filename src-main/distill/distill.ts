import { setImmediate } from 'node:timers/promises'
import { tailParameterShapes, type TailShape } from '../models/tail.ts'
import { seededRandom } from '../random.ts'
import { SpellmError } from '../errors.ts'
import { floatData, floatTensor, halfTensor, int32Tensor, type Device } from '../runtime/session.ts'
import { createTrainer, freshState, type TrainerState } from '../runtime/trainer.ts'
import { ownTurn, type Turn } from '../runtime/turns.ts'
import { targets, type Speller } from '../spelling/speller.ts'
import { nextUnits } from '../spelling/units.ts'
import { learningRateFactor, totalSteps, trainingGroups, type BatchPlan } from './schedule.ts'
import { tailTrainingGraph } from './tail-training.ts'
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
  /** [k]: share of each head's counted characters that it got right. */
  readonly headAccuracy: readonly number[]
  readonly learningRates: { readonly adapter: number; readonly heads: number }
  readonly gradientNorm: number
  readonly tokensPerSecond: number
}

export interface DistillOptions {
  readonly device: Device
  /** The tokens that the cache was filled from: they tell which words the base model would go on with. */
  readonly text: Int32Array
  /** Where to go on; absent: at step 0 with fresh weights. */
  readonly from?: TrainerState
  /** Called after each step; `state` copies what a checkpoint needs. Training ends with what this throws. */
  readonly onStep: (metrics: StepMetrics, state: () => Promise<TrainerState>) => Promise<void>
  /** Asked before each step: whether training shall end now, with the weights so far. */
  readonly isEnough?: () => boolean
  /** Where each step computes. */
  readonly turn?: Turn
}

/** What no setting changes. */
export const tailOptimizer = { beta1: 0.9, beta2: 0.98, epsilon: 1e-8, maxGradientNorm: 1 }

/** The order of batches for a cache; its number of steps is `totalSteps(plan)`. */
export function batchPlan(cache: TeacherCache, { batchTokens, epochs, seed }: DistillSettings): BatchPlan {
  return { chunks: cache.chunks, positionsPerChunk: cache.positionsPerChunk, batchTokens, epochs, seed }
}

/**
 * Trains a tail on a teacher cache by hard cross-entropy on the spelling of the base model's own next unit
 * (Ben-Artzy & Schwartz 2025, self-distillation; with the arg-max as target, which is best for greedy
 * decoding). The result depends on the settings and the cache only, not on interruptions.
 *
 * @returns the final state
 * @throws SpellmError 'training-diverged' at a loss or gradient that is no number
 */
export async function distill(
  shape: TailShape,
  speller: Speller,
  cache: TeacherCache,
  settings: DistillSettings,
  { device, text, from, onStep, isEnough, turn = ownTurn }: DistillOptions,
): Promise<TrainerState> {
  const plan = batchPlan(cache, settings)
  const steps = totalSteps(plan)
  const warmUpSteps = Math.max(1, Math.round(steps * settings.warmUp))
  const initial = from ?? freshState(initialTail(shape, settings.seed))
  const trainer = await createTrainer(tailTrainingGraph(shape, plan.batchTokens), initial, {
    ...tailOptimizer,
    device,
    weightDecay: settings.weightDecay,
  })
  let step = initial.step
  try {
    for (const group of trainingGroups(plan)) {
      const batches = group.firstStep + group.steps <= step ? [] : group.batches()
      if (batches.length === 0) continue
      const data = await loadGroup(cache, group.chunks, speller, text)
      for (const positions of batches.slice(Math.max(0, step - group.firstStep))) {
        if (isEnough?.()) return await trainer.state()
        const factor = learningRateFactor(step, { steps, warmUpSteps })
        const learningRates = {
          adapter: factor * settings.peakLearningRates.adapter,
          heads: factor * settings.peakLearningRates.heads,
        }
        const batch = gatherBatch(data, positions, shape)
        let started = 0
        const { loss, gradientNorm, metrics } = await turn(() => {
          started = performance.now()
          return trainer.step(batch.feeds, learningRates)
        })
        step++
        if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) throw diverged(step)
        const correct = floatData(metrics['correct'])
        const stepMetrics: StepMetrics = {
          step,
          epoch: group.epoch,
          loss,
          headAccuracy: Array.from(
            correct,
            (weight, head) => weight / Math.max(batch.headWeights[head]!, Number.MIN_VALUE),
          ),
          learningRates,
          gradientNorm,
          tokensPerSecond: positions.length / ((performance.now() - started) / 1000),
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
    `Training diverged: after step ${step} the loss or its gradient is no number.`,
    'Start a new run with lower learning rates, for example half of these.',
  )
}

/**
 * Fresh weights: gate, up and heads uniform within ±√(3 / d) (variance 1 / d), down zero, so that the
 * adapter begins as the identity.
 */
export function initialTail(shape: TailShape, seed: number): Map<string, Float32Array> {
  const random = seededRandom(seed)
  return new Map(
    [...tailParameterShapes(shape)].map(([name, [rows, columns]]) => {
      const data = new Float32Array(rows * columns)
      if (!name.endsWith('down.weight')) {
        const limit = Math.sqrt(3 / columns)
        for (let i = 0; i < data.length; i++) data[i] = (2 * random.uniform() - 1) * limit
      }
      return [name, data]
    }),
  )
}

interface GroupData {
  /** float16 [positions · d] of each chunk. */
  readonly hidden: readonly Uint16Array[]
  /** Positions of a chunk. */
  readonly chunkSize: number
  /** Of all chunks, [positions · k] each. */
  readonly symbols: Int32Array
  readonly counted: Float32Array
}

async function loadGroup(
  cache: TeacherCache,
  chunks: readonly number[],
  speller: Speller,
  text: Int32Array,
): Promise<GroupData> {
  const { positionsPerChunk: size, shape } = cache
  const hidden: Uint16Array[] = []
  const units = new Int32Array(chunks.length * size)
  const isOpen = new Uint8Array(units.length)
  for (const [i, chunk] of chunks.entries()) {
    const positions = await readChunk(cache, chunk)
    const ids = text.subarray(chunk * size, (chunk + 1) * size)
    const next = nextUnits(speller, { ids, choices: positions.choices, windowTokens: shape.tokens })
    hidden.push(positions.hidden)
    units.set(next.units, i * size)
    isOpen.set(next.isOpen, i * size)
  }
  return { hidden, chunkSize: size, ...targets(speller, units, isOpen) }
}

function gatherBatch(
  { hidden, chunkSize, symbols, counted }: GroupData,
  positions: Uint32Array,
  { hiddenSize: d, k }: TailShape,
) {
  const count = positions.length
  const states = new Uint16Array(count * d)
  const batchSymbols = new Int32Array(count * k)
  const weights = new Float32Array(count * k)
  positions.forEach((position, row) => {
    const within = position % chunkSize
    states.set(hidden[Math.floor(position / chunkSize)]!.subarray(within * d, (within + 1) * d), row * d)
    batchSymbols.set(symbols.subarray(position * k, (position + 1) * k), row * k)
    weights.set(counted.subarray(position * k, (position + 1) * k), row * k)
  })
  const total = Math.max(
    1,
    weights.reduce((sum, weight) => sum + weight, 0),
  )
  const headWeights = new Float64Array(k)
  for (let i = 0; i < weights.length; i++) {
    weights[i]! /= total
    headWeights[i % k]! += weights[i]!
  }
  const feeds = {
    hidden: halfTensor(states, [count, d]),
    symbols: int32Tensor(batchSymbols, [count * k, 1]),
    weights: floatTensor(weights, [count * k, 1]),
  }
  return { feeds, headWeights }
}
