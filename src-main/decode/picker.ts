import { drawByNoise, noiseKey } from './noise.ts'
import { isGreedy, weightsOf, type Sampling } from './sampling.ts'

/** What was picked. */
export interface Picked {
  /** Its place among the scores. */
  readonly index: number
  /**
   * What another token's score, in units of the temperature, would have to come to for that to be picked: greedily the best
   * score, drawn the best one with its luck.
   */
  readonly strength: number
  /** Greedily, how far it leads before the second; drawn: Infinity. */
  readonly lead: number
  /** Drawn: the least weight that was not cut, where the best one's is 1; greedily 0. */
  readonly least: number
}

/**
 * Picks tokens from logits, of the whole vocabulary or of some tokens, by one rule: after the repetition penalty the best, or a
 * draw whose luck depends on the seed, the place and the token alone. So what one picks from some exact scores is what another
 * picks from all of them, wherever that is among the some.
 */
export interface Picker {
  /** Whether the largest logit wins as it is, so that the head's own arg-max will do. */
  readonly isPlain: boolean
  /** 1 where nothing is drawn. */
  readonly temperature: number
  /** Counts a token that the text has now. */
  add(token: number): void
  /** Takes back one `add` of a token. */
  remove(token: number): void
  /**
   * @param tokens each score's; null: its index
   * @param place of the token in the text
   */
  pick(logits: Float32Array, tokens: Int32Array | null, place: number): Picked
}

/** A picker for a text that has no tokens yet. */
export function createPicker(sampling: Sampling | null): Picker {
  const penalty = sampling?.repetitionPenalty ?? 1
  const counts = new Map<number, number>()
  let weights = new Float64Array(0)
  const punish = (score: number) => (score > 0 ? score / penalty : score * penalty)
  const punished = (logits: Float32Array, tokens: Int32Array | null) => {
    if (penalty === 1 || counts.size === 0) return logits
    const scores = logits.slice()
    if (tokens === null) {
      for (const token of counts.keys()) if (token < scores.length) scores[token] = punish(scores[token]!)
    } else for (let i = 0; i < scores.length; i++) if (counts.has(tokens[i]!)) scores[i] = punish(scores[i]!)
    return scores
  }
  return {
    isPlain: isGreedy(sampling) && penalty === 1,
    temperature: sampling && !isGreedy(sampling) ? sampling.temperature : 1,
    add: (token) => void counts.set(token, (counts.get(token) ?? 0) + 1),
    remove: (token) => {
      const left = (counts.get(token) ?? 0) - 1
      if (left > 0) counts.set(token, left)
      else counts.delete(token)
    },
    pick: (logits, tokens, place) => {
      const scores = punished(logits, tokens)
      if (sampling === null || isGreedy(sampling)) return bestOfTwo(scores, tokens)
      if (weights.length !== scores.length) weights = new Float64Array(scores.length)
      weightsOf(scores, sampling, weights)
      const { index, arrival } = drawByNoise(weights, tokens, noiseKey(sampling.seed, place))
      const best = scores[index]! / sampling.temperature - Math.log(weights[index]!)
      let least = 1
      for (let i = 0; i < weights.length; i++) if (weights[i]! > 0 && weights[i]! < least) least = weights[i]!
      return { index, strength: best - Math.log(arrival), lead: Infinity, least }
    },
  }
}

/** The largest score, of equal ones the lowest token's, and its lead before the second. */
function bestOfTwo(scores: Float32Array, tokens: Int32Array | null): Picked {
  let index = -1
  let best = -Infinity
  let second = -Infinity
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!
    if (score > best || (score === best && tokens !== null && tokens[i]! < tokens[index]!)) {
      second = best
      best = score
      index = i
    } else if (score > second) second = score
  }
  return { index: Math.max(0, index), strength: best, lead: best - second, least: 0 }
}
