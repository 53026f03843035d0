/** What is left of scores to draw from. */
export interface Kept {
  /** Their places, those of equal weight in rising order. */
  readonly indices: Int32Array
  /** Of each, e to its distance from the best score in units of the temperature: the best one's is 1. */
  readonly weights: Float64Array
  /** The best score; −∞: nothing is left. */
  readonly best: number
  /** By how much scores, in units of the temperature, may differ from these before others are left. */
  readonly margin: number
}

/** Which scores are drawn from, and how sharply. */
export interface Cuts {
  /** Scores are divided by it; below 1 sharper, above 1 flatter; 0: the best is taken. */
  readonly temperature: number
  /** Only the best `topK` are drawn from. */
  readonly topK?: number | undefined
  /** Only the best whose probabilities together reach `topP` are drawn from (nucleus, Holtzman et al. 2020). */
  readonly topP?: number | undefined
  /** Only those are drawn from that have `minP` of the best one's probability (Nguyen et al. 2024). */
  readonly minP?: number | undefined
}

/**
 * Weights from e^−32 down are left out: `drawByNoise` never draws them beside the best, since its noise has 32 bits (the least
 * arrival of such a one, 2^−33 e^32, comes after the latest of the best, 33 ln 2). What they have of the whole mass, at most
 * V e^−32, is less than what logits round. So only a few hundred scores of a vocabulary are exponentiated and fewer sorted.
 */
const reach = 32

/**
 * What is left of scores after temperature, then top-k, top-p and min-p, in the order of Hugging Face's generation. Ties go to
 * the lower index.
 */
export function keptOf(scores: Float32Array, { temperature, topK, topP = 1, minP = 0 }: Cuts): Kept {
  let best = -Infinity
  for (let i = 0; i < scores.length; i++) if (scores[i]! > best) best = scores[i]!
  const near = withinReach(scores, best, temperature)
  const most = topK ?? Infinity
  const { indices, weights, margin } =
    most < near.indices.length || topP < 1 ? largest(scores, near, { most, share: topP }) : near
  if (minP === 0) return { indices, weights, best, margin }
  const isKept = (_: number, i: number) => weights[i]! >= minP
  return {
    indices: indices.filter(isKept),
    weights: weights.filter((weight) => weight >= minP),
    best,
    margin: weights.reduce((least, weight) => Math.min(least, Math.abs(Math.log(weight / minP))), margin),
  }
}

type Part = Omit<Kept, 'best'>

function withinReach(scores: Float32Array, best: number, temperature: number): Part {
  const floor = best === -Infinity ? Infinity : best - reach * temperature
  let count = 0
  for (let i = 0; i < scores.length; i++) if (scores[i]! >= floor) count++
  const indices = new Int32Array(count)
  const weights = new Float64Array(count)
  let place = 0
  for (let i = 0; i < scores.length; i++) {
    if (!(scores[i]! >= floor)) continue
    indices[place] = i
    weights[place++] = Math.exp((scores[i]! - best) / temperature)
  }
  return { indices, weights, margin: Infinity }
}

/** The `most` largest, of those as many as hold `share` of their weight. Only what can be among them is sorted. */
function largest(
  scores: Float32Array,
  { indices, weights }: Part,
  { most, share }: { readonly most: number; readonly share: number },
): Part {
  const whole = most < indices.length ? null : sum(weights)
  for (let floor = Math.exp(-4); ; floor = floor ** 2) {
    const candidates: number[] = []
    let mass = 0
    for (let place = 0; place < weights.length; place++)
      if (weights[place]! >= floor) {
        candidates.push(place)
        mass += weights[place]!
      }
    const isEnough = whole === null ? candidates.length >= most : mass >= share * whole
    if (!isEnough && candidates.length < weights.length) continue
    const scoreAt = (place: number) => scores[indices[place]!]!
    candidates.sort((a, b) => scoreAt(b) - scoreAt(a) || a - b)
    const total = whole ?? candidates.slice(0, most).reduce((mass, place) => mass + weights[place]!, 0)
    const { count, margin } = reaching(
      candidates.slice(0, most),
      weights,
      share < 1 ? share * total : Infinity,
    )
    const kept = candidates.slice(0, count)
    // What is no candidate weighs less than the floor.
    const next = count < candidates.length ? weights[candidates[count]!]! : floor
    const gap = count < weights.length ? Math.log(weights[kept.at(-1)!]! / next) : Infinity
    // A share moves by at most half of what scores do.
    return {
      indices: Int32Array.from(kept, (place) => indices[place]!),
      weights: Float64Array.from(kept, (place) => weights[place]!),
      margin: Math.min(gap, (2 * margin) / total),
    }
  }
}

/** How many weights it takes to come to `needed`, at least one, and how far from it the sums with and without the last are. */
function reaching(places: readonly number[], weights: Float64Array, needed: number) {
  let reached = 0
  for (const [i, place] of places.entries()) {
    const before = reached
    reached += weights[place]!
    if (reached >= needed)
      return { count: i + 1, margin: Math.min(reached - needed, i === 0 ? Infinity : needed - before) }
  }
  return { count: places.length, margin: Infinity }
}

const sum = (weights: Float64Array) => {
  let total = 0
  for (const weight of weights) total += weight
  return total
}
