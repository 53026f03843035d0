import { describe, expect, it } from 'vitest'
import { endSymbol, parseAlphabet, pieceAlphabet, spelledBytes, type PieceAlphabet } from './alphabet.ts'
import { describeSymbol } from './describe-symbol.ts'
import { choosePieces, parsePieces, pieceSpelling } from './pieces.ts'
import { buildSpeller, spellingOf, statusOf } from './speller.ts'
import { bytes, ordinary, randomVocabulary, seededRandom, special } from './testing/vocabulary.ts'
import type { VocabularyEntry } from '../tokenizer/vocabulary-entry.ts'

const ranked = (text: string, rank: number): VocabularyEntry => ({ ...ordinary(text), rank })
const hex = (text: string) => Buffer.from(text).toString('hex')

describe('asking for pieces', () => {
  it.each([
    ['pieces', 250],
    ['pieces:1', 1],
    ['pieces:16384', 16_384],
    ['bytes', null],
    ['characters:pieces', null],
  ])('%s', (description, count) => expect(parsePieces(description)).toBe(count))

  it.each(['pieces:', 'pieces:0', 'pieces:16385', 'pieces:1.5', 'pieces:-1', 'pieces:8:2', 'pieces:x'])(
    'refuses %s',
    (description) => {
      const parse = () => parsePieces(description)
      expect(parse).toThrow(expect.objectContaining({ code: 'setting-invalid' }))
      expect(parse).toThrow(JSON.stringify(description))
    },
  )
})

describe('the pieces of a tokenizer', () => {
  const vocabulary = [
    ordinary('never merged'),
    ranked('the', 4),
    ranked('th', 1),
    ranked(' ', 0),
    { ...special('<s>'), rank: 2 },
    ranked(' t', 3),
    // A byte token beside a merged one of the same bytes, as SentencePiece may have it.
    { ...bytes(0x74, 0x68), rank: 5 },
    ranked('='.repeat(65), 6),
    ranked('='.repeat(64), 7),
  ]

  it('are its first of several bytes, each once', () => {
    expect(choosePieces(vocabulary, 2)).toEqual([hex('th'), hex(' t')])
    expect(choosePieces(vocabulary, 99)).toEqual([hex('th'), hex(' t'), hex('the'), '3d'.repeat(64)])
    expect(parseAlphabet('pieces:3', vocabulary)).toEqual({
      unit: 'piece',
      pieces: [hex('th'), hex(' t'), hex('the')],
      specialTokens: [4],
    })
  })

  it('are asked for in vain where it learnt none', () =>
    expect(() => parseAlphabet('pieces', [ordinary('ab'), ranked('a', 0)])).toThrow(
      expect.objectContaining({ code: 'setting-invalid' }),
    ))
})

/** All ways to cut `text` into single letters and pieces, as the lengths of their parts. */
function allCuts(text: string, pieces: ReadonlySet<string>): number[][] {
  if (text === '') return [[]]
  return Array.from({ length: text.length }, (_, i) => i + 1)
    .filter((length) => length === 1 || pieces.has(text.slice(0, length)))
    .flatMap((length) => allCuts(text.slice(length), pieces).map((rest) => [length, ...rest]))
}

/** Of those with the fewest parts, the one whose first part is longest, then the second, and so on. */
function bestCut(text: string, pieces: ReadonlySet<string>): number[] {
  const cuts = allCuts(text, pieces)
  const fewest = Math.min(...cuts.map(({ length }) => length))
  return cuts
    .filter(({ length }) => length === fewest)
    .sort((a, b) => {
      const at = a.findIndex((length, i) => length !== b[i])
      return at < 0 ? 0 : b[at]! - a[at]!
    })[0]!
}

describe('a spelling in pieces', () => {
  it('is not the greedy one where that is longer', () => {
    // Greedy: abc, d, e.
    expect(pieceSpelling([hex('abc'), hex('ab'), hex('cde')])(Buffer.from('abcde'))).toEqual([257, 258])
  })

  it('takes the longest piece first among equals', () => {
    expect(pieceSpelling([hex('ab'), hex('bc')])(Buffer.from('abc'))).toEqual([256, 0x63])
  })

  it('is the best of all cuts, whatever the pieces', () => {
    const random = seededRandom(5)
    for (let round = 0; round < 60; round++) {
      const word = () =>
        Array.from({ length: 2 + random() * 3 }, () => 'abc'[Math.floor(random() * 3)]).join('')
      const pieces = new Set(Array.from({ length: 1 + random() * 8 }, word))
      const spell = pieceSpelling([...pieces].map(hex))
      for (let i = 0; i < 20; i++) {
        const text = word() + word() + word()
        let at = 0
        const expected = bestCut(text, pieces).map((length) => {
          const part = text.slice(at, (at += length))
          return length === 1 ? part.charCodeAt(0) : 256 + [...pieces].indexOf(part)
        })
        expect(spell(Buffer.from(text)), `${text} of ${[...pieces].join()}`).toEqual(expected)
      }
    }
  })
})

describe('a speller with pieces', () => {
  const words = randomVocabulary(seededRandom(9), 300, 'abé')
  const vocabulary = [...words, ...['ab', 'ba', 'aab', 'éé'].map((text, rank) => ranked(text, rank))]
  const alphabet = pieceAlphabet(vocabulary, 4) as PieceAlphabet

  it('spells every token that has bytes, and reads it back', () => {
    const speller = buildSpeller(vocabulary, alphabet, 16)
    for (const [token, entry] of vocabulary.entries()) {
      const symbols = spellingOf(speller, token)
      if (entry.special) expect([...symbols]).toEqual([261 + alphabet.specialTokens.indexOf(token)])
      else expect([...spelledBytes(alphabet, symbols, symbols.length)]).toEqual([...entry.bytes])
      const expected = entry.bytes.length > 0 || entry.special ? ['covered', 'shadowed'] : ['uncovered']
      expect(expected).toContain(statusOf(speller, token))
    }
  })

  it('shadows tokens of the same bytes only, where k is long enough', () => {
    const speller = buildSpeller(vocabulary, alphabet, 16)
    const winners = new Set<string>()
    for (const [token, entry] of vocabulary.entries()) {
      const key = Buffer.from(entry.bytes).toString('hex')
      if (entry.special || key === '') continue
      expect(statusOf(speller, token)).toBe(winners.has(key) ? 'shadowed' : 'covered')
      winners.add(key)
    }
  })

  it('shows its symbols to people', () => {
    const { pieces } = alphabet
    const shown = (symbol: number) => describeSymbol({ ...alphabet, pieces: [...pieces, 'a9c3'] }, symbol, [])
    expect([0x61, 0xc3, 256, 259, 260, endSymbol(alphabet) + 1].map(shown)).toEqual([
      'a',
      '‹C3›',
      'ab',
      'éé',
      '‹A9C3›',
      'END',
    ])
  })
})
