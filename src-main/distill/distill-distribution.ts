import type { Architecture } from '../models/architecture.ts'
import type { HeadRows } from '../models/head-rows.ts'
import { seededRandom } from '../base/random.ts'
import { floatTensor } from '../runtime/session.ts'
import type { TrainerState } from '../runtime/trainer/index.ts'
import { createCandidateSource, spellingMatrix, type Candidates } from './candidates.ts'
import { distributionTrainingGraph } from './distribution-training.ts'
import type { TeacherCache } from './teacher-cache.ts'
import { trainTail, type DistillSettings, type TailDesign, type TrainingOptions } from './train-tail.ts'

/** The most tokens that teacher and tail are compared on in a step: bounds its cost, whatever the vocabulary. */
export const candidateLimit = 4_096

/** How the tail for sampling is trained: it begins with what the first tail has learnt. */
export function distributionSettings(settings: DistillSettings): DistillSettings {
  return { ...settings, epochs: Math.ceil(settings.epochs / 3) }
}

/** Whose distribution is learnt. */
export interface DistributionTeacher {
  readonly architecture: Pick<Architecture, 'head'>
  /** Of the LM head. */
  readonly rows: Pick<HeadRows, 'read'>
  /** How often each token occurs in the text, [V]. */
  readonly tokenCounts: ArrayLike<number>
}

/**
 * Trains a tail on a teacher cache by the Kullback-Leibler divergence of its distribution over tokens from the base
 * model's (soft targets: Hinton et al. 2015). The base model's is recomputed from the cached hidden states and
 * its head's rows. It predicts texts well and is less often right about the base model's first choice than a tail of
 * `distill`: for sampling.
 *
 * @returns the final state
 * @throws SpellmError 'training-diverged' at a loss or gradient that isn't finite
 */
export async function distillDistribution(
  { shape, speller }: TailDesign,
  { architecture, rows, tokenCounts }: DistributionTeacher,
  cache: TeacherCache,
  settings: DistillSettings,
  {
    initial,
    limit = candidateLimit,
    ...options
  }: TrainingOptions<object> & {
    /** The state to begin with, or to continue from. */
    readonly initial: TrainerState
    readonly limit?: number
  },
): Promise<TrainerState> {
  const source = createCandidateSource(speller, limit, tokenCounts)
  const sizes = { tokens: settings.batchTokens, candidates: source.count }
  const feedsOf = ({ tokens, logWeights }: Candidates) => ({
    headRows: floatTensor(rows.read(tokens), [source.count, shape.hiddenSize]),
    spellings: floatTensor(spellingMatrix(speller, tokens, shape.alphabetSize), [
      source.count,
      shape.k * shape.alphabetSize,
    ]),
    logWeights: floatTensor(logWeights, [1, source.count]),
  })
  let last: { readonly candidates: Candidates; readonly feeds: ReturnType<typeof feedsOf> } | null = null
  const task = {
    graph: distributionTrainingGraph(shape, architecture, sizes),
    prepare: (choices: Int32Array) => (positions: Uint32Array, step: number) => {
      const own = Int32Array.from(positions, (position) => choices[position]!)
      const candidates = source.draw(own, seededRandom(settings.seed * 1_000_003 + step))
      if (last?.candidates !== candidates) last = { candidates, feeds: feedsOf(candidates) }
      return { feeds: last.feeds, measured: () => ({}) }
    },
  }
  return trainTail(task, cache, settings, initial, options)
}
