import type { Random } from '../base/random.ts'
import { alphabetSize, endSymbol } from '../spelling/alphabet.ts'
import { spellingOf, type Speller } from '../spelling/speller.ts'

/** The share of a head's probability that is on the right symbol. */
const certainty = 0.9

/**
 * Log-probabilities [k · A] of a tail that is fairly sure of `token`: each head puts 0.9 on its symbol and spreads
 * the rest at random.
 */
export function madeUpScores(speller: Speller, token: number, random: Random): Float32Array {
  const { k, alphabet } = speller
  const size = alphabetSize(alphabet)
  const spelling = spellingOf(speller, token)
  const scores = new Float32Array(k * size)
  for (let head = 0; head < k; head++) {
    const own = scores.subarray(head * size, (head + 1) * size)
    let total = 0
    for (let i = 0; i < size; i++) total += own[i] = Math.exp(2 * random.normal())
    const right = spelling[head] ?? endSymbol(alphabet)
    for (let i = 0; i < size; i++) own[i] = Math.log(((1 - certainty) * own[i]!) / total)
    own[right] = Math.log(Math.exp(own[right]!) + certainty)
  }
  return scores
}
