import type { Random } from '../random.ts'

/** How a token is drawn from scores. */
export interface Sampling {
  /** Scores are divided by it; below 1 sharper, above 1 flatter. */
  readonly temperature: number
  /** Only the best `topK` are drawn from. */
  readonly topK?: number | undefined
  /** Only the best whose probabilities together reach `topP` are drawn from (nucleus, Holtzman et al. 2020). */
  readonly topP?: number | undefined
  readonly seed: number
}

/**
 * Draws an index from the softmax of log-scores (they need not be normalised): temperature, then top-k,
 * then top-p, as Hugging Face's generation applies them.
 */
export function sampleIndex(
  scores: Float32Array,
  { temperature, topK, topP }: Sampling,
  random: Random,
): number {
  // Sorting a whole vocabulary takes longer than everything else: only where a cut needs it.
  const isCut = topK !== undefined || topP !== undefined
  const order = isCut ? Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]! || a - b) : null
  const count = order ? Math.min(topK ?? order.length, order.length) : scores.length
  const indexAt = (rank: number) => (order ? order[rank]! : rank)
  const best = scores[largestIndex(scores)]!
  const weights = new Float64Array(count)
  let total = 0
  for (let rank = 0; rank < count; rank++)
    total += weights[rank] = Math.exp((scores[indexAt(rank)]! - best) / temperature)
  if (topP !== undefined) {
    let reached = 0
    for (let rank = 0; rank < count; rank++) {
      if (reached >= topP * total) weights[rank] = 0
      reached += weights[rank]!
    }
    total = reached
  }
  let left = random.uniform() * total
  for (let rank = 0; rank < count; rank++) {
    left -= weights[rank]!
    if (left < 0) return indexAt(rank)
  }
  // Rounding may leave a crumb: it belongs to the last that could be drawn.
  return indexAt(weights.findLastIndex((weight) => weight > 0))
}

/** The index of the largest score, the first one on a tie. */
export function largestIndex(scores: Float32Array, start = 0, end = scores.length): number {
  let best = start
  for (let i = start + 1; i < end; i++) if (scores[i]! > scores[best]!) best = i
  return best - start
}

/** The indices of the `count` largest scores, largest first, ties by index; all of them if there are fewer. */
export function largestIndices(scores: Float32Array, count: number): number[] {
  const largest: number[] = []
  for (let i = 0; i < scores.length; i++) {
    let place = largest.length
    while (place > 0 && scores[largest[place - 1]!]! < scores[i]!) place--
    if (place >= count) continue
    largest.splice(place, 0, i)
    if (largest.length > count) largest.pop()
  }
  return largest
}
