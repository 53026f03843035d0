import { alphabetSize, endSymbol } from '../spelling/alphabet.ts'
import { isEmittable, spellingOf, statusOf, tokensOf, type Speller } from '../spelling/speller.ts'

/**
 * The probabilities that a SpeLLM gives to tokens: the heads also spell what isn't a token, so a token's probability
 * is that of its spelling, divided by that of all spellings together.
 */
export interface SpellingDistribution {
  /**
   * The logarithm of what all spellings have together, exact: each node of the trie is visited once.
   *
   * @param logProbabilities [k, A]
   */
  logTotal(logProbabilities: Float32Array): number
  /**
   * The total log-probability of a token's spelling, together with those of the words that it begins; −∞ for a token
   * that the speller never says.
   */
  score(logProbabilities: Float32Array, token: number): number
}

/** Of a million spellings this much less likely than the best, all together are lost in the rounding of the sum. */
const negligible = 50

/** Allocates the scratch memory of a speller's distribution. Not to be shared by calls that run at once. */
export function createSpellingDistribution(speller: Speller): SpellingDistribution {
  const { k, alphabet, trie } = speller
  const { firstChild, symbol, token, levelStart } = trie
  const size = alphabetSize(alphabet)
  const end = endSymbol(alphabet)
  const prefix = new Float64Array(token.length)
  /** The words that each token begins. */
  const wordsFrom = new Map<number, number[]>()
  for (let unit = speller.vocabularySize; unit < speller.status.length; unit++) {
    if (statusOf(speller, unit) !== 'covered') continue
    const first = tokensOf(speller, unit)[0]!
    wordsFrom.set(first, [...(wordsFrom.get(first) ?? []), unit])
  }
  const scoreOfUnit = (logProbabilities: Float32Array, unit: number): number => {
    const symbols = spellingOf(speller, unit)
    let score = 0
    for (let i = 0; i < symbols.length; i++) score += logProbabilities[i * size + symbols[i]!]!
    return symbols.length < k ? score + logProbabilities[symbols.length * size + end]! : score
  }
  return {
    logTotal: (logProbabilities) => {
      let highest = -Infinity
      let sum = 0
      for (let depth = 0; depth + 1 < levelStart.length; depth++) {
        const row = depth * size
        const stop = depth < k ? logProbabilities[row + end]! : 0
        for (let node = levelStart[depth]!; node < levelStart[depth + 1]!; node++) {
          const before = prefix[node]!
          for (let child = firstChild[node]!; child < firstChild[node + 1]!; child++)
            prefix[child] = before + logProbabilities[row + symbol[child]!]!
          if (token[node]! < 0) continue
          const score = before + stop
          if (score <= highest) {
            if (score > highest - negligible) sum += Math.exp(score - highest)
          } else {
            sum = sum * Math.exp(highest - score) + 1
            highest = score
          }
        }
      }
      return highest + Math.log(sum)
    },
    score: (logProbabilities, wanted) => {
      const words = wordsFrom.get(wanted)
      const own = isEmittable(speller, wanted) ? scoreOfUnit(logProbabilities, wanted) : -Infinity
      if (!words) return own
      const scores = [own, ...words.map((unit) => scoreOfUnit(logProbabilities, unit))]
      const highest = scores.reduce((a, b) => Math.max(a, b))
      return highest + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - highest), 0))
    },
  }
}
