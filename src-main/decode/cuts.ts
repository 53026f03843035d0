/** What is left of scores to draw from; valid until the next call. */
export interface Kept {
  /** Their places, those of equal weight in rising order. */
  readonly indices: Int32Array
  /** For each token, e to its distance from the best score in units of the temperature: the best one's is 1. */
  readonly weights: Float64Array
  /** The best score; −∞: nothing is left. */
  readonly best: number
  /** How much scores, in units of the temperature, may differ from these before other tokens are left. */
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
 * Weights from e^−27 down are left out: `drawByNoise` never draws them instead of the best, since its noise has 32 bits
 * (the least arrival of such a one, 2^−33 e^27, comes after the latest of the best, 33 ln 2). What they have of the
 * whole mass, at most V e^−27, is less than what logits round.
 */
const reach = 27

/** Whether anything but the temperature decides what is drawn from. */
export const hasCuts = ({ topK, topP = 1, minP = 0 }: Cuts): boolean =>
  topK !== undefined || topP < 1 || minP > 0

/**
 * What is left of scores after temperature, then top-k, top-p and min-p, in the order of Hugging Face's generation. Ties go to
 * the lower index.
 */
export function keptOf(scores: Float32Array, { temperature, topK, topP = 1, minP = 0 }: Cuts): Kept {
  const best = largestOf(scores)
  const near = withinReach(scores, best, temperature)
  const most = topK ?? Infinity
  const isCut = most < near.indices.length
  const total = isCut || topP === 1 ? null : sum(near.weights)
  const left = isCut || topP < 1 ? largest(scores, near, { most, share: topP, total }) : near
  return { ...atLeast(left, minP), best }
}

/** The largest scores of a vocabulary and what is known of the others. */
export interface NearScores {
  /** By rising token, so that ties go to the lower one. */
  readonly scores: Float32Array
  /** No other score is larger. */
  readonly others: number
  /** Σ e to each score's distance from the best one, in units of the temperature, over the whole vocabulary. */
  readonly whole: number
  /** How much that may be off. */
  readonly error: number
  /** Number of tokens of the whole vocabulary. */
  readonly size: number
}

/** The same as `keptOf` of a whole vocabulary, by places among the near scores; null: they don't tell. */
export function keptOfNear(near: NearScores, { temperature, topK, topP = 1, minP = 0 }: Cuts): Kept | null {
  const { scores, others, whole, error, size } = near
  const best = largestOf(scores)
  const beyond = Math.exp((others - best) / temperature)
  const most = topK !== undefined && topK < size ? topK : Infinity
  if (!(beyond < 1) || (most !== Infinity && most > scores.length)) return null
  const all = withinReach(scores, best, temperature)
  if (most === Infinity && topP === 1) return beyond < minP ? { ...atLeast(all, minP), best } : null
  const total = most === Infinity ? whole : null
  const left = largest(scores, all, { most, share: topP, total })
  const least = left.weights.at(-1)!
  const reached = sum(left.weights)
  const isSure = total === null || (reached >= topP * whole && left.margin > (2 * error) / whole)
  return least > beyond && isSure ? { ...atLeast(left, minP), best } : null
}

const largestOf = (scores: Float32Array): number => {
  let best = -Infinity
  for (let i = 0; i < scores.length; i++) if (scores[i]! > best) best = scores[i]!
  return best
}

function atLeast({ indices, weights, margin }: Part, minP: number): Part {
  if (minP === 0) return { indices, weights, margin }
  return {
    indices: indices.filter((_, i) => weights[i]! >= minP),
    weights: weights.filter((weight) => weight >= minP),
    margin: weights.reduce((least, weight) => Math.min(least, Math.abs(Math.log(weight / minP))), margin),
  }
}

type Part = Omit<Kept, 'best'>

/** As long as the largest vocabulary so far: to allocate it each time takes as long as to fill it. */
let scratch = { indices: new Int32Array(0), weights: new Float64Array(0) }

/** Valid until the next call. */
function withinReach(scores: Float32Array, best: number, temperature: number): Part {
  if (scratch.indices.length < scores.length)
    scratch = { indices: new Int32Array(scores.length), weights: new Float64Array(scores.length) }
  const { indices, weights } = scratch
  const floor = best === -Infinity ? Infinity : best - reach * temperature
  const inverse = 1 / temperature
  let count = 0
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!
    if (score < floor) continue
    indices[count] = i
    weights[count++] = Math.exp((score - best) * inverse)
  }
  return { indices: indices.subarray(0, count), weights: weights.subarray(0, count), margin: Infinity }
}

/**
 * The `most` largest, of those as many as hold `share` of their weight, or of `total`. Only what can be among them is sorted.
 */
function largest(
  scores: Float32Array,
  { indices, weights }: Part,
  {
    most,
    share,
    total: whole,
  }: { readonly most: number; readonly share: number; readonly total: number | null },
): Part {
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
    // What isn't a candidate weighs less than the floor.
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
