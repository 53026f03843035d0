import { describe, expect, it } from 'vitest'
import { asciiAlphabet, byteAlphabet, customAlphabet } from './alphabet.ts'
import { corpusCoverage, coverageByK, mostFrequentTokens, vocabularyCoverage } from './coverage.ts'
import { buildSpeller } from './speller.ts'
import { ordinary, randomVocabulary, seededRandom, special } from './testing/vocabulary.ts'

describe('coverage', () => {
  const vocabulary = [
    ordinary('the'),
    ordinary('there'),
    ordinary('these'),
    ordinary('naïve'),
    ordinary('stand'),
    special('<eos>'),
    ordinary('你好'),
    ordinary('a'),
  ]
  const counts = Uint32Array.of(40, 10, 5, 3, 20, 10, 2, 10)
  // k = 4: 'ther' and 'thes' differ, 'stan' is alone.
  const speller = buildSpeller(vocabulary, asciiAlphabet(vocabulary), 4, counts)

  it('of the vocabulary counts every token once', () => {
    expect(vocabularyCoverage(speller)).toEqual({
      covered: 3 / 8,
      truncated: 3 / 8,
      shadowed: 0,
      uncovered: 2 / 8,
      symbol: 0,
    })
  })

  it('of a corpus counts its tokens', () => {
    expect(corpusCoverage(speller, counts)).toEqual({
      covered: 0.6,
      truncated: 0.35,
      shadowed: 0,
      uncovered: 0.05,
      symbol: 0,
    })
  })

  it('tells truncated tokens whose beginning is their own from shadowed ones', () => {
    // k = 3: 'the', 'there' and 'these' share a spelling, and 'the' is the most frequent.
    const short = buildSpeller(vocabulary, asciiAlphabet(vocabulary), 3, counts)
    expect(corpusCoverage(short, counts)).toEqual({
      covered: 0.6,
      truncated: 0.2,
      shadowed: 0.15,
      uncovered: 0.05,
      symbol: 0,
    })
  })

  it('depends on the script: bytes cover all, but Chinese takes three a character', () => {
    const bytes = buildSpeller(vocabulary, byteAlphabet(vocabulary), 5, counts)
    expect(corpusCoverage(bytes, counts)).toEqual({
      covered: 0.95,
      truncated: 0.05,
      shadowed: 0,
      uncovered: 0,
      symbol: 0,
    })
  })

  it('lists the most frequent tokens of a status', () => {
    expect(mostFrequentTokens(speller, counts, 'truncated', 2)).toEqual([
      { token: 4, count: 20 },
      { token: 1, count: 10 },
    ])
    expect(mostFrequentTokens(speller, counts, 'uncovered', 9)).toEqual([
      { token: 3, count: 3 },
      { token: 6, count: 2 },
    ])
    expect(mostFrequentTokens(speller, counts, 'covered', 9).map(({ token }) => token)).toEqual([0, 5, 7])
    expect(mostFrequentTokens(speller, new Uint32Array(8), 'covered', 9)).toEqual([])
  })

  it('needs a text that is not empty, and one count for each token', () => {
    expect(() => corpusCoverage(speller, new Uint32Array(8))).toThrow(
      expect.objectContaining({ code: 'text-invalid' }),
    )
    expect(() => corpusCoverage(speller, new Uint32Array(7))).toThrow('7 counts for 8 tokens')
  })
})

describe('coverage by k', () => {
  it('grows with k', () => {
    const vocabulary = ['a', 'ab', 'abc', 'b', 'é'].map(ordinary)
    expect(coverageByK(vocabulary, asciiAlphabet(vocabulary), [4, 1, 2, 2, 1], 4)).toEqual([
      { covered: 0.6, truncated: 0, shadowed: 0.3, uncovered: 0.1, symbol: 0 }, // a b
      { covered: 0.6, truncated: 0.2, shadowed: 0.1, uncovered: 0.1, symbol: 0 }, // a b; ab… is abc
      { covered: 0.9, truncated: 0, shadowed: 0, uncovered: 0.1, symbol: 0 },
      { covered: 0.9, truncated: 0, shadowed: 0, uncovered: 0.1, symbol: 0 },
    ])
  })

  it('needs a k that spellers can have', () => {
    for (const k of [0, 65, NaN])
      expect(() => coverageByK([ordinary('a')], customAlphabet('a', []), [1], k)).toThrow(
        expect.objectContaining({ code: 'setting-invalid' }),
      )
  })

  it('equals the coverage of a speller of each k', () => {
    const random = seededRandom(3)
    for (let round = 0; round < 60; round++) {
      const vocabulary = randomVocabulary(random, 1 + Math.floor(random() * 60), round % 2 ? 'ab' : 'aé你👩')
      const alphabet = customAlphabet(round % 2 ? 'ab' : 'aé你👩', vocabulary)
      const counts = Uint32Array.from(vocabulary, () => Math.floor(random() * 4))
      counts[0] = 1
      const table = coverageByK(vocabulary, alphabet, counts, 9)
      expect(table).toHaveLength(9)
      for (const [index, coverage] of table.entries())
        expect(coverage).toEqual(
          corpusCoverage(buildSpeller(vocabulary, alphabet, index + 1, counts), counts),
        )
    }
  })
})
