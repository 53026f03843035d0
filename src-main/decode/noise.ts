/**
 * The noise that a token is drawn with: for each seed, place of the text and token an own number, so that whoever draws
 * from scores at the same place meets the same luck, in whatever order, and of however many tokens.
 */

/** The finaliser of MurmurHash3 (Appleby, public domain): mixes 32 bits, one to one. */
function mix(bits: number): number {
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}

/** The key of a place's noise. */
export function noiseKey(seed: number, place: number): number {
  return mix(mix(seed + 0x9e3779b9) ^ Math.imul(place + 1, 0x9e3779b1))
}

/** A token's number, uniform in (0, 1). */
export function noiseOf(key: number, token: number): number {
  return (mix(mix(Math.imul(token + 1, 0x9e3779b1) ^ key) ^ 0x2545f491) + 0.5) / 2 ** 32
}

/**
 * Draws with probabilities in proportion to weights: the least of Eᵢ / wᵢ, with Eᵢ exponential, is token i with probability
 * wᵢ / Σ w (the Gumbel-max trick: Maddison, Tarlow & Minka 2014, section 2). Drawn from a part of the weights with the same
 * noise, the token is the same wherever it lies in that part: so a draft from exact scores is the base model's own draw
 * except where that is a token which has none.
 *
 * @param weights not negative, one positive
 * @param tokens each weight's
 * @returns its index and Eᵢ / wᵢ, and the least of the others'
 */
export function drawByNoise(
  weights: Float64Array,
  tokens: ArrayLike<number>,
  key: number,
): { readonly index: number; readonly arrival: number; readonly second: number } {
  let arrival = Infinity
  let second = Infinity
  let index = -1
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]!
    if (weight === 0) continue
    const noise = noiseOf(key, tokens[i]!)
    // −log(1 − x) is x at the least: most need no logarithm.
    if (noise >= weight * second) continue
    const own = -Math.log1p(-noise) / weight
    if (own < arrival) {
      second = arrival
      arrival = own
      index = i
    } else if (own < second) second = own
  }
  return { index, arrival, second }
}
