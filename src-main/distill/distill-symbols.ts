import { float16ToFloat32 } from '../formats/half.ts'
import type { HeadRows } from '../models/head-rows.ts'
import { tailParameterShapes, type TailShape } from '../models/tail.ts'
import { seededRandom, type Random } from '../base/random.ts'
import { floatData, floatTensor, halfTensor, int32Tensor } from '../runtime/session.ts'
import { freshState, type StepResult, type TrainerState } from '../runtime/trainer/index.ts'
import { targets as spellingTargets, type Speller } from '../spelling/speller.ts'
import type { HeadAccuracy } from './distill.ts'
import { drawsPerPosition, type VocabularyGroups } from './position-targets.ts'
import { symbolTrainingGraph } from './symbol-training.ts'
import { meanFirst, readTargets, type TargetCache } from './target-cache.ts'
import { readChunk } from './teacher-cache.ts'
import {
  trainTail,
  type DistillSettings,
  type TrainingTask,
  type TailDesign,
  type TrainingOptions,
} from './train-tail.ts'

/** What is measured of a tail with token symbols in addition to the loss. */
export interface SymbolAccuracy extends HeadAccuracy {
  /** The divergence of the first distribution from the base model's, in nats. */
  readonly divergence: number
}

/** What the first head's weights begin from. */
export interface SymbolTeacher {
  /** The rows of the LM head. */
  readonly rows: Pick<HeadRows, 'read'>
  /** How often the base model wants each token, [V], in any unit. */
  readonly usage: Float64Array
}

/**
 * Trains a tail with token symbols: the first head by the divergence of the first distribution from the base model's, the
 * others by cross-entropy on the spellings of tokens that are drawn from it, weighted by the probability that a token is
 * spelled at all. The result depends on the settings and the caches only, not on interruptions.
 *
 * @param targets filled
 * @param from the state to resume from; absent: step 0 with fresh weights
 * @returns the final state
 * @throws SpellmError 'training-diverged' at a loss or gradient that isn't finite
 */
export async function distillSymbols(
  { shape, speller }: TailDesign,
  targets: TargetCache,
  teacher: SymbolTeacher,
  settings: DistillSettings,
  { from, ...options }: TrainingOptions<SymbolAccuracy> & { readonly from?: TrainerState },
): Promise<TrainerState> {
  const initial = from ?? freshState(await initialSymbolTail(shape, targets, teacher, settings.seed))
  const graph = symbolTrainingGraph(shape, settings.batchTokens)
  const task = { graph, prepare: symbolBatches(shape, speller, targets) }
  return trainTail(task, targets.cache, settings, initial, options)
}

/** Batches of what `symbolLoss` asks for. */
export function symbolBatches(
  shape: TailShape,
  speller: Speller,
  targets: TargetCache,
): TrainingTask<SymbolAccuracy>['prepare'] {
  return async (_, chunks) => {
    const read = await Promise.all(chunks.map((chunk) => readTargets(targets, chunk)))
    const size = targets.cache.positionsPerChunk
    return (positions, step) =>
      symbolBatch(shape, speller, positions, (position) => {
        const chunk = read[Math.floor(position / size)]!
        return { chunk, at: position % size, draw: step % drawsPerPosition }
      })
  }
}

/** Where a position's targets are, and which of its draws is taken. */
type Lookup = (position: number) => {
  readonly chunk: Awaited<ReturnType<typeof readTargets>>
  readonly at: number
  readonly draw: number
}

function symbolBatch(
  { k, alphabetSize }: TailShape,
  speller: Speller,
  positions: Uint32Array,
  lookUp: Lookup,
) {
  const count = positions.length
  const first = new Uint16Array(count * alphabetSize)
  const exactLogSum = new Float32Array(count)
  const offset = new Float32Array(count)
  const drawn = new Int32Array(count)
  const spelledMass = new Float32Array(count)
  positions.forEach((position, row) => {
    const { chunk, at, draw } = lookUp(position)
    first.set(chunk.first.subarray(at * alphabetSize, (at + 1) * alphabetSize), row * alphabetSize)
    exactLogSum[row] = chunk.exactLogSum[at]!
    offset[row] = chunk.offset[at]!
    drawn[row] = chunk.draws[at * drawsPerPosition + draw]!
  })
  const masses = float16ToFloat32(first)
  for (let i = 0; i < masses.length; i++) spelledMass[Math.floor(i / alphabetSize)]! += masses[i]!
  const known = spellingTargets(
    speller,
    drawn.map((token) => Math.max(0, token)),
  )
  const weights = new Float32Array(count * k)
  const counted = new Float32Array(count * k)
  for (let row = 0; row < count; row++)
    for (let head = 0; head < k && drawn[row]! >= 0; head++) {
      const weight = (known.counted[row * k + head]! * spelledMass[row]!) / count
      counted[row * k + head] = weight
      if (head > 0) weights[row * k + head] = weight
    }
  const headWeights = new Float64Array(k)
  counted.forEach((weight, i) => (headWeights[i % k]! += weight))
  return {
    feeds: {
      firstTargets: halfTensor(first, [count, alphabetSize]),
      exactLogSum: floatTensor(exactLogSum, [count, 1]),
      offset: floatTensor(offset, [count, 1]),
      symbols: int32Tensor(known.symbols, [count * k, 1]),
      weights: floatTensor(weights, [count * k, 1]),
      counted: floatTensor(counted, [count * k, 1]),
    },
    measured: (metrics: StepResult['metrics']): SymbolAccuracy => ({
      divergence: floatData(metrics['divergence'])[0]!,
      headAccuracy: Array.from(
        floatData(metrics['correct']),
        (weight, head) => weight / Math.max(headWeights[head]!, Number.MIN_VALUE),
      ),
    }),
  }
}

/**
 * Fresh weights. The adapter begins as the identity, the heads after the first uniform within ±√(3 / d). Of the first
 * head, a symbol's weights begin as the mean row of the LM head of the tokens that it stands for, less the mean of all,
 * for states of the usual length, and its bias so that it begins with the probability that it has on the average.
 */
export async function initialSymbolTail(
  shape: TailShape,
  targets: TargetCache,
  { rows, usage }: SymbolTeacher,
  seed: number,
): Promise<Map<string, Float32Array>> {
  const random = seededRandom(seed)
  const weights = new Map<string, Float32Array>()
  for (const [name, [outputs, inputs]] of tailParameterShapes(shape))
    weights.set(
      name,
      name.endsWith('down.weight') || name.endsWith('.bias')
        ? new Float32Array(outputs * inputs)
        : uniform(outputs * inputs, Math.sqrt(3 / inputs), random),
    )
  const { first, exactLogSum } = await readTargets(targets, 0)
  const { alphabetSize, hiddenSize: d, anchor = 0 } = shape
  const scale = rootMeanSquare(
    float16ToFloat32((await readChunk(targets.cache, 0)).hidden.subarray(0, 2_000 * d)),
  )
  const heads = weights.get('heads.weight')!
  meanRows(targets.groups, usage, rows, d).forEach((value, i) => (heads[i] = value * scale))
  const bias = weights.get('heads.bias')!
  const meanLogSum = exactLogSum.reduce((sum, value) => sum + value, 0) / exactLogSum.length
  meanFirst(first, alphabetSize).forEach((mean, symbol) => {
    bias[symbol] = (1 - anchor) * meanLogSum + Math.log(Math.max(mean, 1e-6))
  })
  return weights
}

/** A token counts a little, however seldom it is wanted. */
const leastUsage = 0.3

/** For each group, the mean of its tokens' rows weighted by usage, less the mean of all rows: [A · d]. */
function meanRows(
  { members, groupOf }: VocabularyGroups,
  usage: Float64Array,
  rows: SymbolTeacher['rows'],
  d: number,
): Float32Array {
  const sums = new Float32Array(members.length * d)
  const all = new Float64Array(d)
  const totals = new Float64Array(members.length)
  for (let start = 0; start < groupOf.length; start += rowsAtOnce) {
    const tokens = Array.from({ length: Math.min(rowsAtOnce, groupOf.length - start) }, (_, i) => start + i)
    const read = rows.read(tokens)
    tokens.forEach((token, i) => {
      const group = groupOf[token]!
      const weight = usage[token]! + leastUsage
      if (group >= 0) totals[group]! += weight
      for (let j = 0; j < d; j++) {
        const value = read[i * d + j]!
        all[j]! += value
        if (group >= 0) sums[group * d + j]! += weight * value
      }
    })
  }
  return sums.map((sum, i) => {
    const total = totals[Math.floor(i / d)]!
    return total === 0 ? 0 : sum / total - all[i % d]! / groupOf.length
  })
}

/** Rows of the LM head that are in memory at once. */
const rowsAtOnce = 1_024

const rootMeanSquare = (values: Float32Array) =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length)

const uniform = (count: number, limit: number, random: Random) =>
  Float32Array.from({ length: count }, () => (2 * random.uniform() - 1) * limit)
