import { seededRandom, shuffledIndices, type Random } from '../base/random.ts'

/** Linear warm-up over the first steps, then a cosine to 0: the factor of the peak learning rate at `step`. */
export function learningRateFactor(
  step: number,
  { steps, warmUpSteps }: { readonly steps: number; readonly warmUpSteps: number },
): number {
  if (step < warmUpSteps) return (step + 1) / warmUpSteps
  return (1 + Math.cos((Math.PI * (step - warmUpSteps)) / (steps - warmUpSteps))) / 2
}

/** How the cached positions are walked through: all of them once an epoch, window after window. */
export interface BatchPlan {
  readonly chunks: number
  /** Chunks that are there at once: all epochs of them come before the next ones. Default: all. */
  readonly chunksPerWindow?: number | undefined
  readonly positionsPerChunk: number
  readonly batchTokens: number
  readonly epochs: number
  readonly seed: number
  /**
   * Positions that stay together in their order, a window of text, say; a divisor of `positionsPerChunk` and `batchTokens`.
   * Default: 1, each comes by itself.
   */
  readonly together?: number | undefined
}

/** Chunks from `from` to before `to`. */
export interface ChunkRange {
  readonly from: number
  readonly to: number
}

/** Chunks that are in memory together and mixed with each other. */
export const chunksPerGroup = 16

/** Chunks to have in memory, and the positions of each batch among them. */
export interface Group {
  /** The epoch of its window. */
  readonly epoch: number
  readonly chunks: readonly number[]
  /** The step of the group's first batch. */
  readonly firstStep: number
  /** The number of its batches. */
  readonly steps: number
  /** Positions 0 to chunks.length · positionsPerChunk − 1 of each batch. */
  batches(): Uint32Array[]
}

const batchesIn = (chunks: number, { positionsPerChunk, batchTokens }: BatchPlan) =>
  Math.floor((chunks * positionsPerChunk) / batchTokens)

/** The windows of a plan, in their order. */
export function windowsOf({
  chunks,
  chunksPerWindow = chunks,
}: Pick<BatchPlan, 'chunks' | 'chunksPerWindow'>): ChunkRange[] {
  const windows: ChunkRange[] = []
  for (let from = 0; from < chunks; from += chunksPerWindow)
    windows.push({ from, to: Math.min(chunks, from + chunksPerWindow) })
  return windows
}

/**
 * The order of training, a pure function of the plan, so that a resumed run sees the same batches: in each
 * epoch the chunks of the window are shuffled, then positions (or what stays together of them) within groups of chunks. A
 * rest of a group that fills no batch is left out in this epoch.
 */
export function* trainingGroups(plan: BatchPlan): Generator<Group> {
  let step = 0
  for (const [window, { from, to }] of windowsOf(plan).entries())
    for (let epoch = 0; epoch < plan.epochs; epoch++) {
      const seed = plan.seed * 1_000_003 + window * plan.epochs + epoch
      const order = shuffledIndices(to - from, seededRandom(seed)).map((index) => from + index)
      for (let start = 0; start < order.length; start += chunksPerGroup) {
        const chunks = Array.from(order.subarray(start, start + chunksPerGroup))
        const firstStep = step
        const steps = batchesIn(chunks.length, plan)
        yield {
          epoch,
          chunks,
          firstStep,
          steps,
          batches: () => {
            const random = seededRandom(seed * 65_537 + start + 1)
            const positions = shuffledPositions(chunks.length * plan.positionsPerChunk, plan, random)
            return Array.from({ length: steps }, (_, i) =>
              positions.subarray(i * plan.batchTokens, (i + 1) * plan.batchTokens),
            )
          },
        }
        step += steps
      }
    }
}

function shuffledPositions(count: number, { together = 1 }: BatchPlan, random: Random): Uint32Array {
  const order = shuffledIndices(count / together, random)
  return Uint32Array.from(
    { length: count },
    (_, i) => order[Math.floor(i / together)]! * together + (i % together),
  )
}

/** The step at which each window of a plan ends. */
export function windowEnds(plan: BatchPlan): number[] {
  let end = 0
  return windowsOf(plan).map(({ from, to }) => {
    for (let start = from; start < to; start += chunksPerGroup)
      end += plan.epochs * batchesIn(Math.min(chunksPerGroup, to - start), plan)
    return end
  })
}

/** The number of steps of a plan. */
export function totalSteps(plan: BatchPlan): number {
  return windowEnds(plan).at(-1) ?? 0
}
