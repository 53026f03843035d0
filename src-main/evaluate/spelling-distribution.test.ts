import { describe, expect, it } from 'vitest'
import { seededRandom } from '../base/random.ts'
import { alphabetSize, customAlphabet, endSymbol } from '../spelling/alphabet.ts'
import { buildSpeller, isEmittable, spellingOf } from '../spelling/speller.ts'
import { ordinary, special } from '../spelling/testing/vocabulary.ts'
import { bestTokens, createTrieSearch } from '../spelling/trie-search.ts'
import { createCalibrationMeter } from './calibration.ts'
import { createSpellingDistribution } from './spelling-distribution.ts'

const words = ['a', 'ab', 'abc', 'abcd', 'abca', 'b', 'ba', 'cab', 'a', 'dé', 'cc', 'bbb']
const vocabulary = [...words.map(ordinary), special('<end>')]
const speller = buildSpeller(vocabulary, customAlphabet('abcd', vocabulary), 3)
const size = alphabetSize(speller.alphabet)

/** Log-softmax of random scores, [k, A]. */
function randomScores(seed: number): Float32Array {
  const random = seededRandom(seed)
  const scores = new Float32Array(speller.k * size).map(() => 4 * random.normal())
  for (let head = 0; head < speller.k; head++) {
    const own = scores.subarray(head * size, (head + 1) * size)
    const total = Math.log(own.reduce((sum, score) => sum + Math.exp(score), 0))
    own.forEach((score, i) => (own[i] = score - total))
  }
  return scores
}

/** The probability of a spelling, written out. */
function probability(scores: Float32Array, token: number): number {
  const symbols = [...spellingOf(speller, token)]
  const full = symbols.length < speller.k ? [...symbols, endSymbol(speller.alphabet)] : symbols
  return full.reduce((product, symbol, head) => product * Math.exp(scores[head * size + symbol]!), 1)
}

describe('the probabilities of tokens', () => {
  // 'abcd' and 'abca' are cut to 'abc', the second 'a' is spelled like the first, 'dé' can't be spelled.
  const said = [0, 1, 2, 5, 6, 7, 10, 11, 12]

  it('are of those that the SpeLLM says', () => {
    expect([...vocabulary.keys()].filter((token) => isEmittable(speller, token))).toEqual(said)
    const distribution = createSpellingDistribution(speller)
    for (const token of [3, 4, 8, 9, 99]) expect(distribution.score(randomScores(1), token)).toBe(-Infinity)
  })

  it('are those of their spellings among all spellings, as a sum over all of them has it', () => {
    const distribution = createSpellingDistribution(speller)
    for (let seed = 0; seed < 50; seed++) {
      const scores = randomScores(seed)
      const total = said.reduce((sum, token) => sum + probability(scores, token), 0)
      expect(Math.exp(distribution.logTotal(scores))).toBeCloseTo(total, 10)
      for (const token of said)
        expect(Math.exp(distribution.score(scores, token))).toBeCloseTo(probability(scores, token), 10)
    }
  })

  it('agree with the search, and survive scores that no number between 0 and 1 can hold', () => {
    const distribution = createSpellingDistribution(speller)
    const scores = randomScores(3).map((score) => score - 900)
    const [best] = bestTokens(createTrieSearch(speller), scores, 1)
    expect(distribution.score(scores, best!.token)).toBe(best!.score)
    expect(distribution.logTotal(scores)).toBeGreaterThanOrEqual(best!.score)
    expect(distribution.logTotal(scores)).toBeLessThan(best!.score + Math.log(said.length))
  })

  it('leave out what is impossible', () => {
    const distribution = createSpellingDistribution(speller)
    const scores = new Float32Array(speller.k * size).fill(-Infinity)
    scores[0] = 0
    scores[size + endSymbol(speller.alphabet)] = Math.log(0.5)
    expect(distribution.logTotal(scores)).toBeCloseTo(Math.log(0.5), 6)
  })
})

describe('the expected calibration error', () => {
  it('is the mean distance of probability and agreement, by bins', () => {
    const meter = createCalibrationMeter()
    // Two in the bin of 0.9 (mean 0.9, half right), one in the last, right.
    meter.add(0.89, true)
    meter.add(0.91, false)
    meter.add(1, true)
    const { expectedError, bins } = meter.result()
    expect(expectedError).toBeCloseTo((2 / 3) * 0.4, 10)
    expect(bins).toHaveLength(15)
    expect(bins[13]).toMatchObject({ positions: 2, agreement: 0.5 })
    expect(bins[14]).toMatchObject({ positions: 1, agreement: 1, confidence: 1 })
    expect(bins[0]).toMatchObject({ positions: 0, agreement: null, confidence: null })
  })

  it('is near 0 where probabilities are right', () => {
    const random = seededRandom(2)
    const meter = createCalibrationMeter()
    for (let i = 0; i < 50_000; i++) {
      const share = random.uniform()
      meter.add(share, random.chance(share))
    }
    expect(meter.result().expectedError).toBeLessThan(0.015)
  })
})
