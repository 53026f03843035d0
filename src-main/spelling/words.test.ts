import { describe, expect, it } from 'vitest'
import { byteAlphabet, customAlphabet, parseAlphabet } from './alphabet.ts'
import { buildSpeller, contestWinners, spellingOf, statusOf, targets, tokensOf } from './speller.ts'
import { bytes, ordinary, special } from './testing/vocabulary.ts'
import { createUnitFinder, knownContinuation, nextUnits } from './units.ts'
import { wordCoverage } from './word-coverage.ts'
import { collectWords, countWords, withWords } from './words.ts'

// 'я' is bytes 209 143, 'м' 208 188; tokens 7 to 9 are parts of them.
const vocabulary = [
  special('<eos>'), // 0
  ordinary(' play'), // 1
  ordinary('ing'), // 2
  ordinary('er'), // 3
  ordinary('.'), // 4
  ordinary(' a'), // 5
  ordinary('\n'), // 6
  bytes(209), // 7
  bytes(143), // 8
  bytes(208, 188), // 9
  ordinary(' '), // 10
]
const text = Int32Array.of(0, 1, 2, 4, 1, 3, 5, 1, 2, 4, 0, 10, 9, 7, 8, 10, 9, 7, 8, 6, 1, 2)

describe('the words of a text', () => {
  const counts = countWords(text, vocabulary)

  it('begin with a space or line break, and have their punctuation; special tokens are in none', () => {
    expect([...counts]).toEqual([
      ['1,2,4', 2],
      ['1,3', 1],
      ['5', 1],
      ['10,9,7,8', 2],
      ['6', 1],
      ['1,2', 1],
    ])
  })

  it('end somewhere where there are no spaces', () => {
    const counts = countWords(new Int32Array(1_000).fill(2), vocabulary)
    expect([...counts.values()].reduce((a, b) => a + b, 0)).toBeGreaterThan(10)
  })

  it('are collected with their beginnings and ends if they come twice, what saves most first', () => {
    expect(collectWords(counts, vocabulary, byteAlphabet(vocabulary), 16)).toEqual([
      [10, 9, 7, 8], // saves 2 · 3 steps
      [1, 2, 4], // 2 · 2
      [9, 7, 8], // 2 · 2
      [1, 2], // 3 · 1: ' playing' is also a beginning of ' playing.'
      [10, 9], // 2 · 1
      [2, 4],
      [7, 8],
    ])
  })

  it('are left out where they are longer than k or need a character that the alphabet lacks', () => {
    const words = collectWords(counts, vocabulary, customAlphabet(' playingм.', vocabulary), 8)
    expect(words).toEqual([
      [1, 2],
      [10, 9],
      [2, 4],
    ])
  })

  it('tell an alphabet the characters that tokens have only parts of', () => {
    const counted = withWords(vocabulary, counts)
    const alphabet = parseAlphabet('auto', counted.entries, counted.counts)
    expect(alphabet.unit === 'character' && alphabet.characters).toContain('я')
    expect(alphabet.specialTokens).toEqual([0])
  })
})

describe('a speller of words', () => {
  const alphabet = customAlphabet(' playinger.м\nя', vocabulary)
  const words = collectWords(countWords(text, vocabulary), vocabulary, alphabet, 9)
  const speller = buildSpeller(vocabulary, alphabet, 9, undefined, words)
  const unitOf = (...tokens: number[]) =>
    vocabulary.length + words.findIndex((word) => word.join() === tokens.join())

  it('spells words in full whose tokens on their own it can’t', () => {
    expect(statusOf(speller, 7)).toBe('uncovered')
    expect(statusOf(speller, unitOf(7, 8))).toBe('covered')
    expect(spellingOf(speller, unitOf(7, 8))).toHaveLength(1)
    expect(tokensOf(speller, unitOf(1, 2))).toEqual([1, 2])
    expect(tokensOf(speller, 1)).toEqual([1])
  })

  it('is the same when it is built again from what is saved', () => {
    const winners = new Uint8Array(vocabulary.length)
    for (const token of contestWinners(speller)) winners[token] = 1
    const again = buildSpeller(vocabulary, alphabet, 9, winners, words)
    expect(again.trie).toEqual(speller.trie)
  })

  it('leaves a spelling to the token that has it', () => {
    const own = [ordinary('ab'), ordinary('a'), ordinary('b')]
    const letters = buildSpeller(own, customAlphabet('ab', own), 2, undefined, [[1, 2]])
    expect(own.map((_, token) => statusOf(letters, token))).toEqual(['covered', 'covered', 'covered'])
    expect(statusOf(letters, 3)).toBe('shadowed')
    expect(createUnitFinder(letters)([1, 2])).toEqual({ unit: 1, isOpen: false })
  })

  it('finds the longest unit, and whether more text could make it longer', () => {
    const find = createUnitFinder(speller)
    expect(find([1, 2, 4])).toEqual({ unit: unitOf(1, 2, 4), isOpen: false })
    expect(find([1, 2, 5])).toEqual({ unit: unitOf(1, 2), isOpen: false })
    expect(find([1, 2])).toEqual({ unit: unitOf(1, 2), isOpen: true })
    expect(find([1])).toEqual({ unit: 1, isOpen: true })
    expect(find([1, 3])).toEqual({ unit: 1, isOpen: false })
    expect(find([4])).toEqual({ unit: 4, isOpen: false })
    // ' м' and a half of 'я' is no unit, ' м' is.
    expect(find([10, 9, 7])).toEqual({ unit: unitOf(10, 9), isOpen: true })
  })

  it('covers a share of the words, and says how much a step can emit', () => {
    const coverage = wordCoverage(speller, vocabulary, countWords(text, vocabulary))
    // ' playing.' has nine symbols, so all 8 words are covered; ' player' takes two steps.
    expect(coverage).toEqual({
      words: 8,
      tokensPerWord: 20 / 8,
      covered: 1,
      truncated: 0,
      uncovered: 0,
      tokensPerStep: 20 / 9,
    })
  })

  describe('learns from what the base model is known to write', () => {
    // It would have written ' play' 'ing' '.' where the text has ' play' 'er'.
    const read = {
      ids: Int32Array.of(5, 1, 3, 5, 1, 2, 4, 0),
      choices: Int32Array.of(1, 2, 5, 1, 2, 4, 0, 0),
      windowTokens: 6,
    }

    it('as long as the text goes its way, within a window', () => {
      expect(knownContinuation(read, 0, 9)).toEqual([1, 2])
      expect(knownContinuation(read, 1, 9)).toEqual([2])
      expect(knownContinuation(read, 3, 9)).toEqual([1, 2, 4])
      expect(knownContinuation(read, 3, 2)).toEqual([1, 2])
      expect(knownContinuation(read, 5, 9)).toEqual([4])
    })

    it('with END only where the unit is known to end', () => {
      const { units, isOpen } = nextUnits(speller, read)
      expect([...units.subarray(0, 4)]).toEqual([unitOf(1, 2), 2, 5, unitOf(1, 2, 4)])
      expect([...isOpen.subarray(0, 4)]).toEqual([1, 1, 0, 0])
      const { counted } = targets(speller, units, isOpen)
      const countedAt = (row: number) => counted.subarray(row * 9, (row + 1) * 9).reduce((a, b) => a + b, 0)
      // ' playing' may continue; ' a' ends; ' playing.' has k symbols.
      expect([countedAt(0), countedAt(2), countedAt(3)]).toEqual([8, 3, 9])
    })
  })
})
