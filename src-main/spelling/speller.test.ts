import { describe, expect, it } from 'vitest'
import { SpellmError } from '../base/errors.ts'
import { asciiAlphabet, byteAlphabet, customAlphabet, endSymbol, type Alphabet } from './alphabet.ts'
import { buildSpeller, contestWinners, spellingOf, statusOf, targets, type Speller } from './speller.ts'
import { bytes, ordinary, randomVocabulary, seededRandom, special } from './testing/vocabulary.ts'
import { findNode } from './trie.ts'
import type { VocabularyEntry } from '../tokenizer/vocabulary-entry.ts'

function statuses(vocabulary: readonly VocabularyEntry[], alphabet: Alphabet, k: number, counts?: number[]) {
  const speller = buildSpeller(vocabulary, alphabet, k, counts)
  return vocabulary.map((_, token) => statusOf(speller, token))
}

/** The token that the first `length` of `symbols` (at most k, without END) stand for, if any. */
function findToken({ trie }: Speller, symbols: ArrayLike<number>, length: number): number | undefined {
  const node = findNode(trie, symbols, length)
  const token = node < 0 ? -1 : trie.token[node]!
  return token < 0 ? undefined : token
}

describe('a spelling', () => {
  // Symbols of the alphabet: a 0, b 1, c 2, END 3, <eos> 4.
  const vocabulary = [
    ordinary('cab'),
    special('<eos>'),
    ordinary('a'),
    ordinary('bad'),
    bytes(),
    ordinary('abcab'),
  ]
  const speller = buildSpeller(vocabulary, customAlphabet('abc', vocabulary), 3)

  it('is the token’s symbols, at most k, and one symbol for a special token', () => {
    expect(vocabulary.map((_, token) => [...spellingOf(speller, token)])).toEqual([
      [2, 0, 1],
      [4],
      [0],
      [],
      [],
      [0, 1, 2],
    ])
  })

  it('leaves out tokens with a symbol outside the alphabet, and empty ones', () => {
    expect(vocabulary.map((_, token) => statusOf(speller, token))).toEqual([
      'covered',
      'covered',
      'covered',
      'uncovered',
      'uncovered',
      'truncated',
    ])
  })

  it('leaves out tokens that need such a symbol only beyond the first k', () => {
    expect(statuses([ordinary('a'), ordinary('aaad')], customAlphabet('a', []), 3)).toEqual([
      'covered',
      'uncovered',
    ])
  })

  it('leads back to its token', () => {
    expect(findToken(speller, [2, 0, 1], 3)).toBe(0)
    expect(findToken(speller, [0, 3, 3], 1)).toBe(2)
    expect(findToken(speller, [4], 1)).toBe(1)
    expect(findToken(speller, [2, 0, 1], 2)).toBeUndefined()
    expect(findToken(speller, [2, 2, 2], 3)).toBeUndefined()
  })

  it('leads back to its token, for every covered token of random vocabularies', () => {
    const random = seededRandom(7)
    for (let round = 0; round < 50; round++) {
      const tokens = randomVocabulary(random, 60)
      const k = 1 + Math.floor(random() * 7)
      const table = buildSpeller(tokens, customAlphabet('abc', tokens), k)
      for (const [token, { bytes: text, special: control }] of tokens.entries()) {
        const status = statusOf(table, token)
        const spelling = spellingOf(table, token)
        const found = findToken(table, spelling, spelling.length)
        if (status === 'uncovered') expect(spelling).toHaveLength(0)
        else if (status === 'shadowed') expect(found).not.toBe(token)
        else expect(found).toBe(token)
        if (status === 'covered' && !control) expect(spelling).toHaveLength(text.length)
      }
    }
  })
})

describe('spelling in other scripts', () => {
  it('spells code points: Hebrew, Devanagari with combining marks, ZWJ emoji, Chinese', () => {
    const texts = ['שלום', 'नमस्ते', '👩‍👩‍👧', '你好', 'e\u0301', 'é', '\ufeffe']
    const vocabulary = texts.map(ordinary)
    const alphabet = customAlphabet(texts.join(''), vocabulary)
    const speller = buildSpeller(vocabulary, alphabet, 8)
    expect(vocabulary.map((_, token) => spellingOf(speller, token).length)).toEqual([4, 6, 5, 2, 2, 1, 2])
    expect(vocabulary.map((_, token) => statusOf(speller, token))).toEqual(texts.map(() => 'covered'))
  })

  it('spells a part of a character in bytes only', () => {
    const vocabulary = [ordinary('a'), bytes(0xe4, 0xbd), bytes(0x80), ordinary('你')]
    expect(statuses(vocabulary, byteAlphabet(vocabulary), 4)).toEqual(vocabulary.map(() => 'covered'))
    expect(statuses(vocabulary, customAlphabet('a你\ufffd', vocabulary), 4)).toEqual([
      'covered',
      'uncovered',
      'uncovered',
      'covered',
    ])
  })

  it('refuses bytes that UTF-8 forbids: overlong forms and surrogates', () => {
    const vocabulary = [ordinary('/'), bytes(0xc0, 0xaf), bytes(0xed, 0xa0, 0x80)]
    expect(statuses(vocabulary, asciiAlphabet(vocabulary), 4)).toEqual(['covered', 'uncovered', 'uncovered'])
  })
})

describe('tokens that share a spelling', () => {
  const vocabulary = ['abcd', 'abc', 'abce', 'x', 'x', 'xyzz'].map(ordinary)
  const alphabet = asciiAlphabet(vocabulary)

  it('leave it to the one in full, then to the lowest id', () => {
    expect(statuses(vocabulary, alphabet, 3)).toEqual([
      'shadowed',
      'covered',
      'shadowed',
      'covered',
      'shadowed',
      'truncated',
    ])
  })

  it('leave it to the most frequent one where counts are given', () => {
    expect(statuses(vocabulary, alphabet, 3, [1, 5, 6, 1, 2, 1])).toEqual([
      'shadowed',
      'shadowed',
      'truncated',
      'shadowed',
      'covered',
      'truncated',
    ])
  })

  it('do not share it where it is long enough', () => {
    expect(statuses(vocabulary.slice(0, 3), alphabet, 4)).toEqual(['covered', 'covered', 'covered'])
  })

  it('are told apart again from the list of winners, without the counts', () => {
    const counted = buildSpeller(vocabulary, alphabet, 3, [1, 5, 6, 1, 2, 1])
    expect(contestWinners(counted)).toEqual([2, 4])
    const again = new Uint8Array(vocabulary.length)
    for (const winner of contestWinners(counted)) again[winner] = 1
    expect(buildSpeller(vocabulary, alphabet, 3, again)).toEqual(counted)
  })
})

describe('training targets', () => {
  const vocabulary = [
    ordinary('ab'),
    ordinary('aba'),
    ordinary('abab'),
    ordinary('z'),
    special('<eos>'),
    ordinary('ab'),
  ]
  const alphabet = customAlphabet('ab', vocabulary)
  const speller = buildSpeller(vocabulary, alphabet, 3)
  const end = 2
  const eos = 3

  it('are the spelling, then END, and nothing after it', () => {
    expect(endSymbol(alphabet)).toBe(end)
    const { symbols, counted } = targets(speller, Int32Array.of(0, 1, 4))
    expect([...symbols]).toEqual([0, 1, end, 0, 1, 0, eos, end, 0])
    expect([...counted]).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 0])
  })

  it('are k symbols without END for truncated tokens, and nothing for uncovered ones', () => {
    const { symbols, counted } = targets(speller, Int32Array.of(2, 3))
    expect([...symbols]).toEqual([0, 1, 0, 0, 0, 0])
    expect([...counted]).toEqual([1, 1, 1, 0, 0, 0])
  })

  it('are the same for a shadowed token as for the one that shadows it', () => {
    expect(statusOf(speller, 5)).toBe('shadowed')
    expect(targets(speller, Int32Array.of(5))).toEqual(targets(speller, Int32Array.of(0)))
  })

  it('are one symbol, without END, for one head', () => {
    const short = buildSpeller(vocabulary, alphabet, 1)
    expect(targets(short, Int32Array.of(4, 0))).toEqual({
      symbols: Int32Array.of(eos, 0),
      counted: Float32Array.of(1, 1),
    })
  })

  it('are nothing for the rows that fill up an embedding, and refuse negative ids', () => {
    const { k } = speller
    expect(targets(speller, Int32Array.of(6))).toEqual({
      symbols: new Int32Array(k),
      counted: new Float32Array(k),
    })
    expect(() => targets(speller, Int32Array.of(-1))).toThrow(RangeError)
  })
})

describe('buildSpeller', () => {
  const vocabulary = [ordinary('a'), special('<eos>')]
  it.each([0, -1, 65, 2.5, NaN])('refuses k = %s', (k) =>
    expect(() => buildSpeller(vocabulary, asciiAlphabet(vocabulary), k)).toThrow(
      expect.objectContaining({
        code: 'setting-invalid',
        message: `k: ${k}, expected an integer from 1 to 64`,
      }),
    ),
  )

  it('takes k = 1 and k = 64', () => {
    for (const k of [1, 64])
      expect(
        findToken(
          buildSpeller(vocabulary, asciiAlphabet(vocabulary), k),
          [endSymbol(asciiAlphabet([])) + 1],
          1,
        ),
      ).toBe(1)
  })

  it('refuses an alphabet that spells nothing but special tokens', () => {
    expect(() => buildSpeller(vocabulary, customAlphabet('xyz', vocabulary), 4)).toThrow(SpellmError)
  })

  it.each([
    ['lacks a special token', []],
    ['makes an ordinary token special', [0, 1]],
    ['has a special token outside the vocabulary', [1, 2]],
  ])('refuses an alphabet that %s', (_, specialTokens) =>
    expect(() => buildSpeller(vocabulary, { unit: 'byte', specialTokens }, 4)).toThrow(
      expect.objectContaining({ code: 'tokenizer-mismatch' }),
    ),
  )
})
