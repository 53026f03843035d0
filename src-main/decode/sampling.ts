import type { Random } from '../random.ts'

/** How a token is drawn from scores. */
export interface Sampling {
  /** Scores are divided by it; below 1 sharper, above 1 flatter. */
  readonly temperature: number
  /** Only the best `topK` are drawn from. */
  readonly topK?: number
  /** Only the best whose probabilities together reach `topP` are drawn from (nucleus, Holtzman et al. 2020). */
  readonly topP?: number
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
  const order = Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]! || a - b)
  const kept = order.slice(0, topK ?? order.length)
  const best = scores[kept[0]!]!
  const weights = kept.map((index) => Math.exp((scores[index]! - best) / temperature))
  let total = weights.reduce((a, b) => a + b, 0)
  let count = kept.length
  if (topP !== undefined) {
    let reached = 0
    count = weights.findIndex((weight) => (reached += weight) >= topP * total) + 1 || kept.length
    total = weights.slice(0, count).reduce((a, b) => a + b, 0)
  }
  let left = random.uniform() * total
  for (let i = 0; i < count - 1; i++) {
    left -= weights[i]!
    if (left < 0) return kept[i]!
  }
  return kept[count - 1]!
}

/** The index of the largest score, the first one on a tie. */
export function largestIndex(scores: Float32Array, start = 0, end = scores.length): number {
  let best = start
  for (let i = start + 1; i < end; i++) if (scores[i]! > scores[best]!) best = i
  return best - start
}
