import { tailParameterShapes, type TailShape } from '../models/tail.ts'
import { seededRandom } from '../base/random.ts'
import { floatData, floatTensor, int32Tensor } from '../runtime/session.ts'
import { freshState, type StepResult, type TrainerState } from '../runtime/trainer/index.ts'
import { targets, type Speller, type Targets } from '../spelling/speller.ts'
import { nextUnits } from '../spelling/units.ts'
import { tailTrainingGraph } from './tail-training.ts'
import type { TeacherCache } from './teacher-cache.ts'
import { trainTail, type DistillSettings, type TailDesign, type TrainingOptions } from './train-tail.ts'

/** What is measured in addition to the loss. */
export interface HeadAccuracy {
  /** [k]: share of each head's counted characters that it got right. */
  readonly headAccuracy: readonly number[]
}

export interface DistillOptions extends TrainingOptions<HeadAccuracy> {
  /** The tokens that the cache was filled from: they tell which words the base model would continue with. */
  readonly text: Int32Array
  /** The state to resume from; absent: step 0 with fresh weights. */
  readonly from?: TrainerState
}

/**
 * Trains a tail on a teacher cache by hard cross-entropy on the spelling of the base model's own next unit
 * (Ben-Artzy & Schwartz 2025, self-distillation; with the arg-max as target, which is best for greedy
 * decoding). The result depends on the settings and the cache only, not on interruptions.
 *
 * @returns the final state
 * @throws SpellmError 'training-diverged' at a loss or gradient that isn't finite
 */
export async function distill(
  { shape, speller }: TailDesign,
  cache: TeacherCache,
  settings: DistillSettings,
  { text, from, ...options }: DistillOptions,
): Promise<TrainerState> {
  const task = {
    graph: tailTrainingGraph(shape, settings.batchTokens),
    prepare: (choices: Int32Array, chunks: readonly number[]) => {
      const known = unitTargets(speller, cache, text, choices, chunks)
      return (positions: Uint32Array) => spellingBatch(known, positions, shape.k)
    },
  }
  return trainTail(task, cache, settings, from ?? freshState(initialTail(shape, settings.seed)), options)
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

/** What the heads learn at the positions of some chunks: the units that the base model's choices tell. */
function unitTargets(
  speller: Speller,
  { positionsPerChunk: size, shape }: TeacherCache,
  text: Int32Array,
  choices: Int32Array,
  chunks: readonly number[],
): Targets {
  const units = new Int32Array(choices.length)
  const isOpen = new Uint8Array(choices.length)
  for (const [i, chunk] of chunks.entries()) {
    const ids = text.subarray(chunk * size, (chunk + 1) * size)
    const own = choices.subarray(i * size, (i + 1) * size)
    const next = nextUnits(speller, { ids, choices: own, windowTokens: shape.tokens })
    units.set(next.units, i * size)
    isOpen.set(next.isOpen, i * size)
  }
  return targets(speller, units, isOpen)
}

/** The spellings of some positions' tokens as the graph's inputs; weights add up to 1. */
function spellingBatch({ symbols, counted }: Targets, positions: Uint32Array, k: number) {
  const count = positions.length
  const batchSymbols = new Int32Array(count * k)
  const weights = new Float32Array(count * k)
  positions.forEach((position, row) => {
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
  return {
    feeds: {
      symbols: int32Tensor(batchSymbols, [count * k, 1]),
      weights: floatTensor(weights, [count * k, 1]),
    },
    measured: (metrics: StepResult['metrics']): HeadAccuracy => ({
      headAccuracy: Array.from(
        floatData(metrics['correct']),
        (weight, head) => weight / Math.max(headWeights[head]!, Number.MIN_VALUE),
      ),
    }),
  }
}
