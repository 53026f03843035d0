import type { Random } from '../random.ts'

/** How a token is drawn from scores. */
export interface Sampling {
  /** Scores are divided by it; below 1 sharper, above 1 flatter. */
  readonly temperature: number
  /** Only the best `topK` are drawn from. */
  readonly topK?: number | undefined
  /** Only the best whose probabilities together reach `topP` are drawn from (nucleus, Holtzman et al. 2020). */
  readonly topP?: number | undefined
  /** Only those are drawn from that have `minP` of the best one's probability (Nguyen et al. 2024). */
  readonly minP?: number | undefined
  /**
   * Scores of tokens that the text has already are divided by it where they are positive and multiplied where
   * they are negative (Keskar et al. 2019); above 1 against repetition.
   */
  readonly repetitionPenalty?: number | undefined
  readonly seed: number
}

/**
 * The probabilities that scores are drawn with: softmax of log-scores (they need not be normalised) after
 * temperature, then top-k, top-p and min-p, in the order of Hugging Face's generation.
 *
 * @returns [scores.length], adding up to 1; 0 for what is cut
 */
export function sharesOf(scores: Float32Array, { temperature, topK, topP, minP }: Sampling): Float64Array {
  const best = scores[largestIndex(scores)]!
  const shares = Float64Array.from(scores, (score) => Math.exp((score - best) / temperature))
  // Sorting a whole vocabulary takes longer than everything else: only where a cut needs it.
  if (topK !== undefined || topP !== undefined) {
    const order = Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]! || a - b)
    const kept = order.slice(0, topK ?? order.length)
    for (const index of order.slice(kept.length)) shares[index] = 0
    if (topP !== undefined) {
      const whole = kept.reduce((sum, index) => sum + shares[index]!, 0)
      let reached = 0
      for (const index of kept) {
        if (reached >= topP * whole) shares[index] = 0
        reached += shares[index]!
      }
    }
  }
  // The best one's share is 1 so far.
  if (minP !== undefined) shares.forEach((share, index) => share < minP && (shares[index] = 0))
  const total = shares.reduce((sum, share) => sum + share, 0)
  return shares.map((share) => share / total)
}

/** Draws an index with the given probabilities. */
export function drawIndex(shares: Float64Array, random: Random): number {
  let left = random.uniform()
  for (let index = 0; index < shares.length; index++) {
    left -= shares[index]!
    if (left < 0) return index
  }
  // Rounding may leave a crumb: it belongs to the last that could be drawn.
  return shares.findLastIndex((share) => share > 0)
}

/** Draws an index from scores. */
export function sampleIndex(scores: Float32Array, sampling: Sampling, random: Random): number {
  return drawIndex(sharesOf(scores, sampling), random)
}

/**
 * Scores with the repetition penalty, if there is one.
 *
 * @param tokens the token of each score; null: its index
 * @param context the tokens of the text so far
 */
export function penalize(
  scores: Float32Array,
  tokens: readonly number[] | null,
  context: readonly number[],
  { repetitionPenalty: penalty = 1 }: Sampling,
): Float32Array {
  if (penalty === 1) return scores
  const seen = new Set(context)
  const punish = (score: number) => (score > 0 ? score / penalty : score * penalty)
  if (tokens) return scores.map((score, index) => (seen.has(tokens[index]!) ? punish(score) : score))
  const punished = scores.slice()
  for (const token of seen) if (token < punished.length) punished[token] = punish(punished[token]!)
  return punished
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
