import type { RowLogits } from '../models/row-logits.ts'
import type { LastPosition } from '../models/trunk-session.ts'
import { alphabetSize } from '../spelling/alphabet.ts'
import type { Speller } from '../spelling/speller.ts'
import type { ContextSymbols } from './context-symbols.ts'
import type { ExactTokens, FirstStep } from './first-step.ts'
import { createGroupReader } from './group-members.ts'
import type { Picker } from './picker.ts'

/** The least that a learnt symbol holds relative to the best exact score: what is taken out of it is only nearly known. */
const leastShare = 1e-4

/** What a step would write, from exact scores alone. */
interface FirstChoice {
  /** Picked among token symbols and exact tokens; −1: there are none that may be. */
  readonly token: number
  /** Its exact logit. */
  readonly logit: number
  /**
   * Log of what the learnt symbols hold relative to the pick: greedily to its exponentiated score, drawn to what a token
   * must come to to be drawn instead, so that 1 − exp(−exp(doubt)) is the probability that one of them is, without cuts. What is less
   * than the least weight that was not cut counts by how much of that it is: of SmolLM2's draws at 0.7 and top-p 0.9 that left
   * nothing else uncut, 1.6 % were wrong.
   */
  readonly doubt: number
}

/** Reads the first scores of steps, see `firstScores` of models/symbol-tail.ts. */
export interface FirstScores {
  readonly speller: Speller
  /**
   * What a step goes by: the scores of the trunk's pass, and with learned groups the members of those that are read. A state
   * that is looked at again reads nothing again.
   */
  look(state: LastPosition, context: ContextSymbols): Promise<FirstStep>
  /** @param place of the token in the text */
  choose(scores: Float32Array, exact: ExactTokens, picker: Picker, place: number): FirstChoice
  /**
   * What each learnt symbol holds without the exact tokens: shares [A] relative to exp(`best`), the largest exact logit.
   * Valid until the next call.
   */
  rest(scores: Float32Array, exact: ExactTokens): { readonly shares: Float64Array; readonly best: number }
  /** The exact logits [m + exact tokens] and their tokens. Valid until the next call. */
  exact(
    scores: Float32Array,
    exact: ExactTokens,
  ): { readonly logits: Float32Array; readonly tokens: Int32Array }
  /**
   * Log of the sum of all exponentiated scores, the exact ones of token symbols and exact tokens, and what the learnt symbols
   * hold in addition to these: what a given token's logit less it is log p of.
   */
  logNormaliser(scores: Float32Array, exact: ExactTokens): number
}

/**
 * Log-probability of a token that is given: its exact logit, by the base model's own row, less the log-normaliser, which is no less
 * than that logit.
 */
export const givenLogProbability = (logit: number, logNormaliser: number): number =>
  Math.min(0, logit - logNormaliser)

/** The choice where nothing can be picked. */
const unknown: FirstChoice = { token: -1, logit: -Infinity, doubt: Infinity }

/**
 * Prepares reading the scores of an alphabet with token symbols. Throws TypeError for another.
 *
 * @param rows what scores the members of learned groups; null: none of them are read
 */
export function createFirstScores(speller: Speller, rows?: Pick<RowLogits, 'logits'> | null): FirstScores {
  const { alphabet } = speller
  const { tokenSymbols } = alphabet
  if (!tokenSymbols) throw new TypeError('an alphabet without token symbols')
  const m = tokenSymbols.length
  const size = alphabetSize(alphabet)
  const isGrouped = alphabet.unit === 'group'
  if (isGrouped && rows === undefined) throw new TypeError('learned groups without rows of the LM head')
  const readGroups = isGrouped && rows ? createGroupReader(alphabet, rows) : null
  let looked: { readonly state: LastPosition; readonly step: FirstStep } | null = null
  const symbols = Int32Array.from(tokenSymbols)
  const shares = new Float64Array(size)
  const exact = createExactScores(symbols, size)
  const rest = (scores: Float32Array, { count, firstSymbols, known = [] }: ExactTokens) => {
    const start = m + size
    let best = -Infinity
    for (let i = 0; i < m; i++) if (scores[i]! > best) best = scores[i]!
    for (let i = start; i < start + count; i++) if (scores[i]! > best) best = scores[i]!
    if (best === -Infinity) best = 0
    for (let symbol = 0; symbol < size; symbol++) shares[symbol] = Math.exp(scores[m + symbol]! - best)
    for (let slot = 0; slot < count; slot++) {
      const symbol = firstSymbols[slot]!
      const left = shares[symbol]! - Math.exp(scores[start + slot]! - best)
      shares[symbol] = left >= leastShare ? left : leastShare
    }
    // What a thousand groups had at the least would come to more than most steps doubt.
    if (!isGrouped)
      for (let symbol = 0; symbol < size; symbol++)
        if (!(shares[symbol]! >= leastShare)) shares[symbol] = leastShare
    for (const group of known) shares[group] = 0
    return { shares, best }
  }
  return {
    speller,
    exact,
    rest,
    look: async (state, context) => {
      const step = { scores: firstScoresOf(state), exact: context }
      if (!readGroups) return step
      if (looked?.state === state) return looked.step
      const read = await readGroups(state.hidden, step, rest(step.scores, context).shares)
      looked = { state, step: read }
      return read
    },
    choose: (scores, context, picker, place) => {
      const { best } = rest(scores, context)
      if (m + context.count === 0) return unknown
      const own = picker.isPlain
        ? bestExact(symbols, scores, context, m + size)
        : pickExact(exact(scores, context), picker, place)
      // What the text has but no exact score for may be what is raised.
      if (own.token < 0 || (picker.raisesRepeated && context.isPartial)) return { ...own, doubt: Infinity }
      const inverse = 1 / picker.temperature
      // Nothing learnt knows of penalties and biases, but then nothing without an exact score gains by them.
      const scale = Math.exp(best - own.best)
      let sum = 0
      for (let symbol = 0; symbol < size; symbol++) {
        const share = scale * shares[symbol]!
        const weight = inverse === 1 ? share : share ** inverse
        // A token of it survives the cuts that the exact ones meet only if there is more to it than was learnt.
        if (weight >= own.least) sum += weight
        else if (weight > 0) sum += (weight * weight) / own.least
      }
      return {
        token: own.token,
        logit: own.logit,
        doubt: Math.log(sum) + own.best * inverse - own.strength,
      }
    },
    logNormaliser: (scores, context) => {
      const { best } = rest(scores, context)
      let sum = 0
      // What is there at the least in each symbol is not counted as found in it.
      for (let symbol = 0; symbol < size; symbol++)
        if (isGrouped || shares[symbol]! > leastShare) sum += shares[symbol]!
      for (const logit of exact(scores, context).logits) sum += Math.exp(logit - best)
      return best + Math.log(sum)
    },
  }
}

/** The exact scores of a step in arrays of their own, which grow as they are needed: see `FirstScores.exact`. */
function createExactScores(symbols: Int32Array, size: number): FirstScores['exact'] {
  const m = symbols.length
  let logits = new Float32Array(m)
  let tokens = Int32Array.from(symbols)
  return (scores, context) => {
    const length = m + context.count
    if (logits.length < length) {
      const roomy = length + 256
      logits = new Float32Array(roomy)
      tokens = new Int32Array(roomy)
      tokens.set(symbols)
    }
    logits.set(scores.subarray(0, m))
    logits.set(scores.subarray(m + size, m + size + context.count), m)
    tokens.set(context.tokens.subarray(0, context.count), m)
    return { logits: logits.subarray(0, length), tokens: tokens.subarray(0, length) }
  }
}

/** The best of the exact scores, the lower id of equal ones; without a copy, which is what most steps do. */
function bestExact(
  symbols: Int32Array,
  scores: Float32Array,
  context: ExactTokens,
  /** Where those of the exact tokens begin. */
  start: number,
) {
  let logit = -Infinity
  let token = -1
  for (let i = 0; i < symbols.length; i++)
    if (scores[i]! > logit || (scores[i] === logit && symbols[i]! < token)) {
      logit = scores[i]!
      token = symbols[i]!
    }
  for (let slot = 0; slot < context.count; slot++) {
    const own = scores[start + slot]!
    if (own > logit || (own === logit && context.tokens[slot]! < token)) {
      logit = own
      token = context.tokens[slot]!
    }
  }
  return { token, logit, best: logit, strength: logit, least: 0 }
}

function pickExact({ logits, tokens }: ReturnType<FirstScores['exact']>, picker: Picker, place: number) {
  const { index, ...picked } = picker.pick(logits, tokens, place)
  return index < 0 ? { ...picked, ...unknown } : { ...picked, token: tokens[index]!, logit: logits[index]! }
}

/** A state's first scores. Throws TypeError where the trunk has no tail with token symbols. */
function firstScoresOf({ firstScores }: LastPosition): Float32Array {
  if (!firstScores) throw new TypeError('a trunk without a tail with token symbols')
  return firstScores
}
