import { keptOf } from './cuts.ts'
import { createLogitsProcessor, nothingLeft, type LogitsProcessor } from './logits-processor.ts'
import { drawByNoise, noiseKey } from './noise.ts'
import { isGreedy, type Sampling } from './sampling.ts'

/** What was picked. */
export interface Picked {
  /** Its place among the scores; −1: all are −∞. */
  readonly index: number
  /** The largest score. */
  readonly best: number
  /**
   * What another token's score, in units of the temperature, would have to come to for that to be picked: greedily the best
   * score, drawn the best one with its luck.
   */
  readonly strength: number
  /** By how much scores, in the same units, may differ from these at the least before another is picked. */
  readonly lead: number
  /** Drawn: the least weight that was not cut, where the best one's is 1; greedily 0. */
  readonly least: number
}

/**
 * Picks tokens from logits, of the whole vocabulary or of some tokens, by one rule: of the scores that the processor makes of
 * them the best, or a draw whose luck depends on the seed, the place and the token alone. So what one picks from some exact
 * scores is what another picks from all of them, wherever that is among the some.
 */
export interface Picker extends LogitsProcessor {
  /** Whether the largest logit wins as it is, so that the head's own arg-max will do. */
  readonly isPlain: boolean
  /** 1 where nothing is drawn. */
  readonly temperature: number
  /**
   * @param tokens each score's; null: its index
   * @param place of the token in the text
   */
  pick(logits: Float32Array, tokens: Int32Array | null, place: number): Picked
}

/** What is drawn of scores that are all −∞. */
const nothing: Picked = { index: -1, best: -Infinity, strength: -Infinity, lead: Infinity, least: 0 }

/** A picker for a text that has no tokens yet. */
export function createPicker(sampling: Sampling | null): Picker {
  const processor = createLogitsProcessor(sampling)
  return {
    ...processor,
    isPlain: isGreedy(sampling) && processor.isIdle,
    temperature: sampling && !isGreedy(sampling) ? sampling.temperature : 1,
    pick: (logits, tokens, place) => {
      const scores = processor.apply(logits, tokens)
      if (sampling === null || isGreedy(sampling)) return bestOfTwo(scores, tokens)
      const { indices, weights, best, margin } = keptOf(scores, sampling)
      if (indices.length === 0) return nothing
      const kept = tokens ? indices.map((index) => tokens[index]!) : indices
      const { index, arrival, second } = drawByNoise(weights, kept, noiseKey(sampling.seed, place))
      return {
        index: indices[index]!,
        best,
        strength: best / sampling.temperature - Math.log(arrival),
        lead: Math.min(margin, Math.log(second / arrival)),
        least: weights.reduce((least, weight) => Math.min(least, weight), 1),
      }
    },
  }
}

/** The place of what is picked, where something has to be. Throws SpellmError 'setting-invalid' where every token is banned. */
export function requirePick(
  picker: Picker,
  logits: Float32Array,
  tokens: Int32Array | null,
  place: number,
): Picked {
  const picked = picker.pick(logits, tokens, place)
  if (picked.index < 0) throw nothingLeft()
  return picked
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
  return { index, best, strength: best, lead: best - second, least: 0 }
}
