import { describe, expect, it } from 'vitest'
import { seededRandom } from '../base/random.ts'
import { alphabetSize, customAlphabet, endSymbol } from '../spelling/alphabet.ts'
import { buildSpeller, isEmittable } from '../spelling/speller.ts'
import { ordinary, special } from '../spelling/testing/vocabulary.ts'
import { createCandidateSource, spellingMatrix } from './candidates.ts'

const letters = 'abcdefgh'
const pairs = Array.from(letters, (first) => Array.from(letters, (second) => first + second)).flat()
const vocabulary = [special('<end>'), ...['a', 'abcd', 'abce', 'é', ...pairs].map(ordinary)]
const speller = buildSpeller(vocabulary, customAlphabet(letters, vocabulary), 3)
/** The last tokens are the most frequent. */
const counts = vocabulary.map((_, token) => token)
const said = vocabulary.map((_, token) => token).filter((token) => isEmittable(speller, token))

describe('candidates', () => {
  it('are all tokens that the SpeLLM says, each for itself, where there is room', () => {
    const source = createCandidateSource(speller, 100, counts)
    const { tokens, logWeights } = source.draw(Int32Array.of(1), seededRandom(1))
    expect([...tokens]).toEqual(said)
    expect(source.count).toBe(said.length)
    expect(new Set(logWeights)).toEqual(new Set([0]))
    expect(said).not.toContain(vocabulary.findIndex(({ content }) => content === 'é'))
  })

  it('are otherwise the choices, the most frequent and some others, with weights that add up to the vocabulary', () => {
    const source = createCandidateSource(speller, 20, counts)
    const choices = Int32Array.of(7, 9, 7, 4, 11, 9)
    const { tokens, logWeights } = source.draw(choices, seededRandom(1))
    expect(tokens).toHaveLength(20)
    expect(new Set(tokens).size).toBe(20)
    // Token 4 is 'é', which is never said.
    expect([...tokens.subarray(0, 3)]).toEqual([7, 9, 11])
    expect([...tokens.subarray(3, 15)]).toEqual(said.slice(-12).reverse())
    expect(logWeights.findIndex((weight) => weight > 0)).toBe(15)
    expect(logWeights.reduce((sum, weight) => sum + Math.exp(weight), 0)).toBeCloseTo(said.length, 3)
  })

  it('estimate the sum over all tokens without bias', () => {
    const source = createCandidateSource(speller, 16, counts)
    const worth = (token: number) => 1 + ((7 * token) % 13)
    const random = seededRandom(3)
    const draws = 4_000
    let sum = 0
    for (let i = 0; i < draws; i++) {
      const { tokens, logWeights } = source.draw(Int32Array.of(8, 20, 33), random)
      tokens.forEach((token, j) => (sum += worth(token) * Math.exp(logWeights[j]!)))
    }
    const whole = said.reduce((total, token) => total + worth(token), 0)
    expect(sum / draws / whole).toBeCloseTo(1, 1)
    expect(Math.abs(sum / draws / whole - 1)).toBeLessThan(0.01)
  })

  it('leave half of the room to tokens that are no choices, however many choices there are', () => {
    const source = createCandidateSource(speller, 16, counts)
    const { tokens, logWeights } = source.draw(Int32Array.from(said), seededRandom(1))
    expect([...tokens.subarray(0, 8)]).toEqual(said.slice(0, 8))
    expect([...tokens.subarray(8, 12)]).toEqual(said.slice(-4).reverse())
    expect(logWeights.filter((weight) => weight > 0)).toHaveLength(4)
  })
})

it('a spelling counts its symbols and END, or k symbols where it is truncated', () => {
  const size = alphabetSize(speller.alphabet)
  const token = (text: string) => vocabulary.findIndex(({ content }) => content === text)
  const tokens = Int32Array.of(token('ab'), token('abcd'), token('<end>'))
  const matrix = spellingMatrix(speller, tokens, size)
  const end = endSymbol(speller.alphabet)
  const counted = (row: number) =>
    [0, 1, 2].map((head) =>
      Array.from({ length: size }, (_, symbol) => symbol).filter(
        (symbol) => matrix[(row * 3 + head) * size + symbol] === 1,
      ),
    )
  expect(counted(0)).toEqual([[0], [1], [end]])
  expect(counted(1)).toEqual([[0], [1], [2]])
  expect(counted(2)).toEqual([[end + 1], [end], []])
  expect(matrix.reduce((sum, value) => sum + value, 0)).toBe(8)
})
