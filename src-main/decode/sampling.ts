import { drawFrom, type Random } from '../base/random.ts'
import { keptOf, type Cuts } from './cuts.ts'

/** How a token is drawn from scores, and what is done with them before. */
export interface Sampling extends Cuts {
  /**
   * Scores of tokens that prompt or text have already are divided by it where they are positive and multiplied where
   * they are negative (Keskar et al. 2019); above 1 against repetition.
   */
  readonly repetitionPenalty?: number | undefined
  /** What the score of a token that was written already loses, once; negative: what it gains (OpenAI's API). */
  readonly presencePenalty?: number | undefined
  /** What it loses for each time that it was written. */
  readonly frequencyPenalty?: number | undefined
  /** What the scores of single tokens gain; from −100 down: never these tokens. */
  readonly logitBias?: readonly (readonly [token: number, bias: number])[] | undefined
  readonly seed: number
}

/** How the next token is picked without drawing: the best score, or the best after penalties and biases. */
export const isGreedy = (sampling: Sampling | null): boolean =>
  sampling === null || sampling.temperature === 0

/**
 * The probabilities that scores are drawn with: softmax of log-scores (they need not be normalised) after temperature and cuts.
 *
 * @returns [scores.length], adding up to 1; 0 for what is cut
 */
export function probabilitiesOf(scores: Float32Array, sampling: Sampling): Float64Array {
  const { indices, weights } = keptOf(scores, sampling)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const shares = new Float64Array(scores.length)
  indices.forEach((index, i) => (shares[index] = weights[i]! / total))
  return shares
}

/** Draws an index with the given probabilities. */
function drawIndex(shares: Float64Array, random: Random): number {
  return drawFrom(shares.length, 1, (index) => shares[index]!, random)
}

/** Draws an index from scores; at temperature 0 the best one's. */
export function sampleIndex(scores: Float32Array, sampling: Sampling, random: Random): number {
  if (isGreedy(sampling)) return largestIndex(scores)
  return drawIndex(probabilitiesOf(scores, sampling), random)
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
