import type { FirstScores } from '../decode/first-choice.ts'
import type { FirstStep } from '../decode/first-step.ts'
import type { LastPosition } from '../models/trunk-session.ts'
import { alphabetSize } from '../spelling/alphabet.ts'
import { createSpellingDistribution } from './spelling-distribution.ts'

/**
 * The probabilities that a SpeLLM with token symbols gives to tokens without the base model: those with an exact score share the exponentials
 * of these, the others what the learnt symbols hold relative to them, spelling by spelling. What spells no token, and what has no
 * spelling, is divided out, so that all tokens together have 1. With learned groups nothing is spelled.
 *
 * @returns for a state and its step, a token's log-probability; −∞: it is never emitted
 */
export function symbolDistribution(
  first: FirstScores,
): (state: LastPosition, step: FirstStep) => (token: number) => number {
  const { alphabet } = first.speller
  const spelled = alphabet.unit === 'group' ? null : spelledDistribution(first)
  return (state, step) => {
    const { best } = first.rest(step.scores, step.exact)
    const exact = new Map<number, number>()
    const { logits, tokens } = first.exact(step.scores, step.exact)
    tokens.forEach((token, i) => exact.set(token, logits[i]! - best))
    const others = spelled?.(state, step)
    let total = others?.total ?? 0
    for (const score of exact.values()) total += Math.exp(score)
    const logTotal = Math.log(total)
    return (token) => (exact.get(token) ?? others?.score(token) ?? -Infinity) - logTotal
  }
}

/** What each token without an exact score has, relative to the best exact one, and their sum. */
function spelledDistribution(first: FirstScores) {
  const { speller } = first
  const size = alphabetSize(speller.alphabet)
  const spellings = createSpellingDistribution(speller)
  return (state: LastPosition, { scores, exact: context }: FirstStep) => {
    const { shares } = first.rest(scores, context)
    /** [k, A], where the first row is not normalised but relative to the best exact score. */
    const table = new Float32Array(speller.k * size)
    for (let symbol = 0; symbol < size; symbol++) table[symbol] = Math.log(shares[symbol]!)
    table.set(state.spelled ?? [], size)
    let total = Math.exp(spellings.logTotal(table))
    // The context's tokens have an exact score, so their spellings don't count.
    for (let slot = 0; slot < context.count; slot++)
      total -= Math.exp(spellings.score(table, context.tokens[slot]!))
    return { total: Math.max(0, total), score: (token: number) => spellings.score(table, token) }
  }
}
