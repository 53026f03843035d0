import { describe, expect, it } from 'vitest'
import { alphabetSize, customAlphabet, endSymbol } from './alphabet.ts'
import { buildSpeller, spellingOf, statusOf, type Speller } from './speller.ts'
import { ordinary, randomVocabulary, seededRandom, special } from './testing/vocabulary.ts'
import { bestToken, bestTokens, createTrieSearch, type ScoredToken } from './trie-search.ts'

/** Scores every token by the definition. */
function byBruteForce(speller: Speller, logProbabilities: Float32Array, n: number): ScoredToken[] {
  const size = alphabetSize(speller.alphabet)
  const scored: ScoredToken[] = []
  for (let token = 0; token < speller.vocabularySize; token++) {
    if (['shadowed', 'uncovered'].includes(statusOf(speller, token))) continue
    const spelling = spellingOf(speller, token)
    let score = 0
    for (const [i, symbol] of spelling.entries()) score += logProbabilities[i * size + symbol]!
    if (spelling.length < speller.k)
      score += logProbabilities[spelling.length * size + endSymbol(speller.alphabet)]!
    scored.push({ token, score })
  }
  return scored.sort((a, b) => (a.score === b.score ? a.token - b.token : b.score - a.score)).slice(0, n)
}

/** Log-softmax of each row, like the heads' output. */
function normalised(logits: Float32Array, size: number): Float32Array {
  const result = new Float32Array(logits.length)
  for (let row = 0; row < logits.length; row += size) {
    const values = logits.subarray(row, row + size)
    const highest = values.reduce((a, b) => Math.max(a, b))
    const logSum = highest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - highest), 0))
    for (let i = 0; i < size; i++) result[row + i] = values[i]! - logSum
  }
  return result
}

describe('the best token', () => {
  // a 0, b 1, END 2, <eos> 3
  const vocabulary = ['a', 'ab', 'abb', 'ba'].map(ordinary).concat(special('<eos>'))
  const speller = buildSpeller(vocabulary, customAlphabet('ab', vocabulary), 3)
  const search = createTrieSearch(speller)

  it('has the highest sum of log-probabilities, END included', () => {
    // prettier-ignore
    const logProbabilities = Float32Array.of(
      -1, -2, -8, -4,
      -3, -1, -2, -8,
      -8, -4, -1, -8,
    )
    expect(bestTokens(search, logProbabilities, 9)).toEqual([
      { token: 0, score: -3 }, // a END: −1 − 2, before the other −3 by its id
      { token: 1, score: -3 }, // a b END: −1 − 1 − 1
      { token: 2, score: -6 }, // a b b: −1 − 1 − 4, no END after k symbols
      { token: 3, score: -6 }, // b a END: −2 − 3 − 1
      { token: 4, score: -6 }, // <eos> END: −4 − 2
    ])
    expect(bestToken(search, logProbabilities)).toEqual({ token: 0, score: -3 })
  })

  it('is a token also where the heads’ own choices spell none', () => {
    // prettier-ignore
    const logProbabilities = Float32Array.of(
      -5, -0.1, -5, -5,
      -5, -0.1, -5, -5,
      -5, -0.1, -5, -5,
    )
    expect(bestToken(search, logProbabilities).token).toBe(2) // abb, not bbb
  })

  it('may be impossible: −Infinity is a score like any other', () => {
    const impossible = new Float32Array(12).fill(-Infinity)
    expect(bestTokens(search, impossible, 2)).toEqual([
      { token: 0, score: -Infinity },
      { token: 1, score: -Infinity },
    ])
  })

  it('is not lost to rounding: a bound is added up from the other side', () => {
    // Each −2^-53 vanishes beside −1 when it is added alone, and both together do not.
    const pair = ['baa', 'aba'].map(ordinary)
    const tiny = -(2 ** -53)
    // prettier-ignore
    const logProbabilities = Float32Array.of(
      -0.5, -1, -50,
      tiny, -0.5, -50,
      tiny, -8, -50,
    )
    const pairSearch = createTrieSearch(buildSpeller(pair, customAlphabet('ab', []), 3))
    expect(bestToken(pairSearch, logProbabilities)).toEqual({ token: 0, score: -1 })
  })

  it('needs numbers, k rows of them', () => {
    expect(() => bestToken(search, new Float32Array(11))).toThrow('11 log-probabilities, expected 3 · 4')
    expect(() => bestToken(search, new Float32Array(12).fill(NaN))).toThrow(RangeError)
    expect(() => bestToken(search, new Float32Array(12).fill(Infinity))).toThrow(RangeError)
  })
})

describe('the search is exact', () => {
  const distributions: Record<string, (random: () => number, at: number) => number> = {
    'on noise': (random) => -6 * random(),
    'on peaks': (random) => (random() < 0.2 ? 8 : 0) + random(),
    'on flat distributions': () => 0,
    'on small whole numbers, with many ties': (random) => -Math.floor(random() * 3),
    'on near ties, a last digit apart': (random) => -1 - Math.floor(random() * 3) * 2 ** -23,
    'on a mix of magnitudes': (random) => -(10 ** (random() * 12 - 6)),
    'on −Infinity here and there': (random) => (random() < 0.3 ? -Infinity : -random()),
    'on −Infinity nearly everywhere': (random) => (random() < 0.85 ? -Infinity : -random()),
  }

  for (const [name, logit] of Object.entries(distributions))
    it(name, () => {
      const random = seededRandom(name.length)
      for (let round = 0; round < 60; round++) {
        // 7 letters at most in a token: k from 1 to 8 truncates many, some or none of them.
        const vocabulary = randomVocabulary(random, 1 + Math.floor(random() * 80))
        const k = 1 + (round % 8)
        const speller = buildSpeller(vocabulary, customAlphabet('abcd', vocabulary), k)
        const size = alphabetSize(speller.alphabet)
        const search = createTrieSearch(speller)
        for (let call = 0; call < 10; call++) {
          const values = Float32Array.from({ length: k * size }, (_, at) => logit(random, at))
          const negative = values.every((value) => value <= 0)
          const logProbabilities = negative && call % 2 === 0 ? values : normalised(values, size)
          if (logProbabilities.some(Number.isNaN)) continue // a row of nothing but −Infinity
          for (const n of [1, 2, 7, 1000])
            expect(bestTokens(search, logProbabilities, n)).toEqual(
              byBruteForce(speller, logProbabilities, n),
            )
        }
      }
    })
})
