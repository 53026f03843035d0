import { hasCuts, keptOf, keptOfNear, type Kept, type NearScores } from './cuts.ts'
import { createLogitsProcessor, nothingLeft, type LogitsProcessor } from './logits-processor.ts'
import { wholeError, type FindNear, type NearLogits } from './near-logits.ts'
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
  /** The least amount, in the same units, by which scores may differ from these before another token is picked. */
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
  /**
   * The same of all logits [V], where something has to be picked, and faster where something is cut.
   *
   * @throws SpellmError 'setting-invalid' where every token is banned
   */
  pickOfAll(logits: Float32Array, place: number): Promise<Picked>
}

/** What is drawn of scores that are all −∞. */
const nothing: Picked = { index: -1, best: -Infinity, strength: -Infinity, lead: Infinity, least: 0 }

/**
 * A picker for a text that has no tokens yet.
 *
 * @param findNear finds the largest of all logits; default: all of them are looked through
 */
export function createPicker(sampling: Sampling | null, findNear: FindNear | null = null): Picker {
  const processor = createLogitsProcessor(sampling)
  const draw = (
    { indices, weights, best, margin }: Kept,
    tokens: Int32Array | null,
    place: number,
  ): Picked => {
    if (indices.length === 0) return nothing
    const { temperature, seed } = sampling!
    const kept = tokens ? indices.map((index) => tokens[index]!) : indices
    const { index, arrival, second } = drawByNoise(weights, kept, noiseKey(seed, place))
    let least = 1
    for (let i = 0; i < weights.length; i++) if (weights[i]! < least) least = weights[i]!
    return {
      index: indices[index]!,
      best,
      strength: best / temperature - Math.log(arrival),
      lead: Math.min(margin, Math.log(second / arrival)),
      least,
    }
  }
  const pick = (logits: Float32Array, tokens: Int32Array | null, place: number): Picked => {
    const scores = processor.apply(logits, tokens)
    if (sampling === null || isGreedy(sampling)) return bestOfTwo(scores, tokens)
    return draw(keptOf(scores, sampling), tokens, place)
  }
  return {
    ...processor,
    isPlain: isGreedy(sampling) && processor.isIdle,
    temperature: sampling && !isGreedy(sampling) ? sampling.temperature : 1,
    pick,
    pickOfAll: async (logits, place) => {
      if (findNear && sampling && !isGreedy(sampling) && hasCuts(sampling)) {
        const near = withChanged(await findNear(logits, sampling.temperature), processor)
        const kept = keptOfNear(nearScores(logits, near, processor, sampling.temperature), sampling)
        if (kept) {
          const picked = draw(kept, near.tokens, place)
          return { ...picked, index: near.tokens[picked.index]! }
        }
      }
      const picked = pick(logits, null, place)
      if (picked.index < 0) throw nothingLeft()
      return picked
    },
  }
}

/** Those and the tokens whose scores are other than their logits, which may be larger or smaller. */
function withChanged(near: NearLogits, processor: LogitsProcessor): NearLogits {
  if (processor.isIdle) return near
  return { ...near, tokens: Int32Array.from(new Set([...near.tokens, ...processor.changed()])).sort() }
}

/** Their scores, and the mass of all scores by that of all logits. */
function nearScores(
  logits: Float32Array,
  { tokens, others, whole, largest }: NearLogits,
  processor: LogitsProcessor,
  temperature: number,
): NearScores {
  const own = Float32Array.from(tokens, (token) => logits[token]!)
  const scores = processor.apply(own, tokens)
  let best = -Infinity
  for (const score of scores) if (score > best) best = score
  const massOf = (score: number) => Math.exp((score - best) / temperature)
  const before = whole * massOf(largest)
  let after = before
  for (let i = 0; i < scores.length; i++)
    if (scores[i] !== own[i]) after += massOf(scores[i]!) - massOf(own[i]!)
  return { scores, others, whole: after, error: wholeError * before, size: logits.length }
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
