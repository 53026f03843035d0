import type { ContextSymbols } from '../decode/context-symbols.ts'
import type { FirstScores } from '../decode/first-choice.ts'
import { firstScoresOf } from '../decode/symbol-drafter.ts'
import type { LastState } from '../models/trunk-session.ts'
import { alphabetSize } from '../spelling/alphabet.ts'
import { createSpellingDistribution } from './spelling-distribution.ts'

/**
 * The probabilities that a SpeLLM with token symbols gives to tokens by itself: those with an exact score share the exponentials
 * of these, the others what the learnt symbols hold beside them, spelling by spelling. What spells no token, and what has no
 * spelling, is divided out, so that all tokens together have 1.
 *
 * @returns for a state and its context, a token's log-probability; −∞: it is never said
 */
export function symbolDistribution(
  first: FirstScores,
): (state: LastState, context: ContextSymbols) => (token: number) => number {
  const { speller } = first
  const size = alphabetSize(speller.alphabet)
  const spellings = createSpellingDistribution(speller)
  return (state, context) => {
    const scores = firstScoresOf(state)
    const { shares, best } = first.rest(scores, context)
    /** [k, A], where the first row is not normalised: beside exp(best). */
    const table = new Float32Array(speller.k * size)
    for (let symbol = 0; symbol < size; symbol++) table[symbol] = Math.log(shares[symbol]!)
    table.set(state.spelled ?? [], size)
    const exact = new Map<number, number>()
    const { logits, tokens } = first.exact(scores, context)
    tokens.forEach((token, i) => exact.set(token, logits[i]! - best))
    let total = Math.exp(spellings.logTotal(table))
    // The context's tokens have an exact score, so their spellings don't count.
    for (let slot = 0; slot < context.count; slot++)
      total -= Math.exp(spellings.score(table, context.tokens[slot]!))
    total = Math.max(0, total)
    for (const score of exact.values()) total += Math.exp(score)
    const logTotal = Math.log(total)
    return (token) => (exact.get(token) ?? spellings.score(table, token)) - logTotal
  }
}
