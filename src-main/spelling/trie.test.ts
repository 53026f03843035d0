import { describe, expect, it } from 'vitest'
import { customAlphabet } from './alphabet.ts'
import { spellVocabulary } from './spellings.ts'
import { ordinary, randomVocabulary, seededRandom } from './testing/vocabulary.ts'
import { buildTrie, findNode, onlyTokenBelow } from './trie.ts'

const lowestId = (challenger: number, holder: number) => challenger < holder

describe('the trie', () => {
  // a ─ b(0)        a 0, b 1, c 2
  // │   └ c(1)
  // c(2) ─ a ─ b(3)
  const vocabulary = ['ab', 'abc', 'c', 'cab'].map(ordinary)
  const trie = buildTrie(spellVocabulary(vocabulary, customAlphabet('abc', []), 4), lowestId)

  it('numbers its nodes level by level', () => {
    expect([...trie.levelStart]).toEqual([0, 1, 3, 5, 7])
    expect([...trie.symbol]).toEqual([0, 0, 2, 1, 0, 2, 1])
    expect([...trie.firstChild]).toEqual([1, 3, 4, 5, 6, 7, 7, 7])
    expect([...trie.token]).toEqual([-1, -1, 2, 0, -1, 1, 3])
    expect([...trie.nodeOf]).toEqual([3, 5, 2, 6])
  })

  it('finds the node of a prefix', () => {
    expect(findNode(trie, [], 0)).toBe(0)
    expect(findNode(trie, [2, 0, 1], 2)).toBe(4)
    expect(findNode(trie, [2, 1], 2)).toBe(-1)
    expect(findNode(trie, [0, 1, 2, 0], 4)).toBe(-1)
  })

  it('tells where only one spelling continues', () => {
    expect(onlyTokenBelow(trie, 4)).toBe(3) // ca|b
    expect(onlyTokenBelow(trie, 5)).toBe(1) // abc itself
    expect(onlyTokenBelow(trie, 1)).toBe(-1) // a: ab and abc
    expect(onlyTokenBelow(trie, 2)).toBe(-1) // c: c and cab
    expect(onlyTokenBelow(trie, 0)).toBe(-1)
  })

  it('is only a root where there is nothing to spell', () => {
    const empty = buildTrie(spellVocabulary([ordinary('x')], customAlphabet('abc', []), 4), lowestId)
    expect([...empty.firstChild]).toEqual([1, 1])
    expect([...empty.levelStart]).toEqual([0, 1])
    expect(findNode(empty, [0], 1)).toBe(-1)
    expect(onlyTokenBelow(empty, 0)).toBe(-1)
  })

  it('has exactly the prefixes of random spellings, with sorted children', () => {
    const random = seededRandom(11)
    for (let round = 0; round < 100; round++) {
      const tokens = randomVocabulary(random, 1 + Math.floor(random() * 60))
      const k = 1 + Math.floor(random() * 7)
      const spellings = spellVocabulary(tokens, customAlphabet('abc', tokens), k)
      const built = buildTrie(spellings, lowestId)
      const prefixes = new Set<string>([''])
      for (const token of tokens.keys()) {
        const spelling = spellings.symbols.subarray(token * k, token * k + spellings.lengths[token]!)
        for (let length = 1; length <= spelling.length; length++) {
          prefixes.add(spelling.subarray(0, length).join())
          expect(findNode(built, spelling, length)).toBeGreaterThan(0)
        }
        if (spelling.length > 0) expect(findNode(built, spelling, spelling.length)).toBe(built.nodeOf[token])
      }
      expect(built.symbol).toHaveLength(prefixes.size)
      for (let node = 0; node < built.symbol.length; node++) {
        const children = built.symbol.subarray(built.firstChild[node], built.firstChild[node + 1])
        expect([...new Set(children)].sort((a, b) => a - b)).toEqual([...children])
      }
    }
  })
})
