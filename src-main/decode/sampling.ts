import { drawFrom, type Random } from '../random.ts'

/** How a token is drawn from scores. */
export interface Sampling {
  /** Scores are divided by it; below 1 sharper, above 1 flatter; 0: the best is taken. */
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

/** How the next token is picked without drawing: the best score, or the best after the repetition penalty. */
export const isGreedy = (sampling: Sampling | null): boolean =>
  sampling === null || sampling.temperature === 0

/**
 * The probabilities that scores are drawn with: softmax of log-scores (they need not be normalised) after
 * temperature, then top-k, top-p and min-p, in the order of Hugging Face's generation.
 *
 * @returns [scores.length], adding up to 1; 0 for what is cut
 */
export function sharesOf(scores: Float32Array, sampling: Sampling): Float64Array {
  const shares = weightsOf(scores, sampling)
  const total = shares.reduce((sum, share) => sum + share, 0)
  return shares.map((share) => share / total)
}

/**
 * The same without normalising: the best score's weight is 1.
 *
 * @param into receives them, to allocate nothing; as long as `scores`
 * @returns [scores.length]; 0 for what is cut
 */
export function weightsOf(
  scores: Float32Array,
  { temperature, topK, topP, minP }: Sampling,
  into = new Float64Array(scores.length),
): Float64Array {
  const best = scores[largestIndex(scores)]!
  const inverse = 1 / temperature
  for (let i = 0; i < scores.length; i++) into[i] = Math.exp((scores[i]! - best) * inverse)
  const { length } = scores
  if ((topK !== undefined && topK < length) || (topP !== undefined && topP < 1)) {
    const kept = bestOf(scores, into, { most: topK ?? length, share: topP ?? 1 })
    const weights = kept.map((index) => into[index]!)
    into.fill(0)
    kept.forEach((index, i) => (into[index] = weights[i]!))
  }
  if (minP !== undefined) for (let i = 0; i < length; i++) if (into[i]! < minP) into[i] = 0
  return into
}

/**
 * The indices of the `most` largest scores, of those as many as hold `share` of their weight, largest first, ties by index.
 * Sorting a whole vocabulary takes longer than everything else, so only what can be among them is sorted.
 */
function bestOf(
  scores: Float32Array,
  weights: Float64Array,
  { most, share }: { readonly most: number; readonly share: number },
): number[] {
  const whole = most < scores.length ? null : weights.reduce((sum, weight) => sum + weight, 0)
  for (let floor = Math.exp(-4); ; floor = floor ** 2) {
    // Below the smallest number that there is, everything.
    const candidates: number[] = []
    let mass = 0
    for (let i = 0; i < weights.length; i++)
      if (weights[i]! >= floor) {
        candidates.push(i)
        mass += weights[i]!
      }
    const isEnough = whole === null ? candidates.length >= most : mass >= share * whole
    if (!isEnough && floor > 0) continue
    const kept = candidates.sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, most)
    if (share >= 1) return kept
    const needed = share * (whole ?? kept.reduce((sum, index) => sum + weights[index]!, 0))
    let reached = 0
    const end = kept.findIndex((index) => (reached += weights[index]!) >= needed)
    return end < 0 ? kept : kept.slice(0, end + 1)
  }
}

/** Draws an index with the given probabilities. */
export function drawIndex(shares: Float64Array, random: Random): number {
  return drawFrom(shares.length, 1, (index) => shares[index]!, random)
}

/** Draws an index from scores; at temperature 0 the best one's. */
export function sampleIndex(scores: Float32Array, sampling: Sampling, random: Random): number {
  if (isGreedy(sampling)) return largestIndex(scores)
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
