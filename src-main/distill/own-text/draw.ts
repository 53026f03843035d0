import { drawFrom, type Random } from '../../base/random.ts'

/** What the LM head says of one state. */
export interface Scores {
  /** The largest logits, largest first [count]. */
  readonly logits: Float32Array
  /** Their tokens [count]. */
  readonly tokens: Int32Array
  /** The logarithm of the sum of the exponentials of all logits. */
  readonly logZ: number
}

/**
 * How many tokens a draw may choose from. What a model says beyond its best 256 is below a hundredth of its probability
 * in nearly all places, and more takes longer to find.
 */
export const drawnFrom = 256

/**
 * Tokens are left out when those before them have this much of the probability (nucleus, Holtzman et al. 2020): of a
 * small model, texts that are drawn from all of the rest soon make no sense. Temperature is 1, so that what is learnt
 * from is what the model says.
 */
export const nucleus = 0.95

/**
 * Draws a token at temperature 1.
 *
 * @param isBarred tokens that may not be drawn; if there is no other, the best one is
 * @param within the share of the probability that is drawn from
 */
export function drawToken(
  { logits, tokens, logZ }: Scores,
  random: Random,
  isBarred: (token: number) => boolean = () => false,
  within: number = nucleus,
): number {
  const shares = new Float64Array(logits.length)
  let reached = 0
  let total = 0
  for (let i = 0; i < logits.length && reached <= within; i++) {
    const share = Math.exp(logits[i]! - logZ)
    reached += share
    if (isBarred(tokens[i]!)) continue
    shares[i] = share
    total += share
  }
  return tokens[drawFrom(shares.length, total, (index) => shares[index]!, random)]!
}
