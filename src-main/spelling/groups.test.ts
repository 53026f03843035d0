import { describe, expect, it } from 'vitest'
import { alphabetSchema, alphabetSize, endSymbol, otherSymbol } from './alphabet.ts'
import { describeSymbol } from './describe-symbol.ts'
import { groupAlphabet, groupCount, memberRows, parseGroups } from './groups.ts'
import { buildSpeller, contestWinners, firstSymbolsOf, isEmittable } from './speller.ts'

const texts = ['<s>', 'a', 'b', 'c', 'd', 'e', 'f', 'g']
const entries = texts.map((content, token) => ({
  bytes: new TextEncoder().encode(token === 0 ? '' : content),
  special: token === 0,
  content,
}))
const alphabet = groupAlphabet([9, 1, 0, 1, 0, 1, 3, 1], [0, 4], 2)

describe('what asks for learned groups', () => {
  it.each([
    ['groups', { groups: null, read: 8 }],
    ['groups:1024', { groups: 1_024, read: 8 }],
    ['groups:64:2', { groups: 64, read: 2 }],
    ['auto', null],
    ['characters:groups', null],
  ])('%s', (description, expected) => expect(parseGroups(description)).toEqual(expected))

  it.each(['groups:', 'groups:0', 'groups:1.5', 'groups:99999', 'groups:8:0', 'groups:8:2:1', 'groups:x'])(
    'refuses %s',
    (description) =>
      expect(() => parseGroups(description)).toThrow(expect.objectContaining({ code: 'setting-invalid' })),
  )

  it('gives a large vocabulary 1,024 groups, a small one fewer', () => {
    expect([49_152, 4_096, 12].map((size) => groupCount({ groups: null, read: 8 }, size))).toEqual([
      1_024, 102, 1,
    ])
    expect(groupCount({ groups: 7, read: 8 }, 49_152)).toBe(7)
  })
})

describe('an alphabet of learned groups', () => {
  it('has every token once, in its group or as a symbol', () => {
    expect(alphabet.groups).toEqual([[2], [1, 3, 5, 7], [6]])
    expect([endSymbol(alphabet), alphabetSize(alphabet)]).toEqual([3, 5])
    expect(alphabetSchema.parse(JSON.parse(JSON.stringify(alphabet)))).toEqual(alphabet)
    expect(() => groupAlphabet([0, 0], [0, 1], 1)).toThrow(/every token is a token symbol/)
  })

  it.each([
    ['a token in two groups', { groups: [[1, 2], [2]] }],
    ['a token twice in a group', { groups: [[1, 1]] }],
    ['a token symbol in a group', { groups: [[4]] }],
    ['an empty group', { groups: [[1], []] }],
    ['no group', { groups: [] }],
    ['a negative token', { groups: [[-1]] }],
    ['nothing to read', { read: 0 }],
    ['no token symbols', { tokenSymbols: undefined }],
  ])('can’t have %s', (_, change) =>
    expect(alphabetSchema.safeParse({ ...alphabet, ...change }).success).toBe(false),
  )

  it('makes a speller in which a group stands for all of its tokens', () => {
    const speller = buildSpeller(entries, alphabet, 1)
    const { symbolIndex, firstSymbol } = firstSymbolsOf(speller)
    expect([...symbolIndex]).toEqual([0, -1, -1, -1, 1, -1, -1, -1])
    expect([...firstSymbol]).toEqual([-1, 1, 0, 1, -1, 1, 2, 1])
    expect(texts.every((_, token) => isEmittable(speller, token))).toBe(true)
    expect(contestWinners(speller)).toEqual([])
    expect(describeSymbol(alphabet, 1, entries)).toBe('{a|c|e|…}')
    // What no group has is OTHER.
    const some = buildSpeller(entries, { ...alphabet, groups: alphabet.groups.slice(1) }, 1)
    expect(firstSymbolsOf(some).firstSymbol[2]).toBe(otherSymbol(some.alphabet))
  })

  it('fits its tokenizer only, and spells nothing', () => {
    expect(() => buildSpeller(entries, alphabet, 2)).toThrow(/expected 1 for learned groups/)
    expect(() => buildSpeller(entries.slice(0, 7), alphabet, 1)).toThrow(/7 is outside the tokenizer's 7/)
  })

  it('says how many rows a step reads where a token’s group is as likely as it is large', () => {
    // Groups of 1, 4 and 1 tokens, two of them read: 2 · (1 + 16 + 1) / 6.
    expect(memberRows(alphabet)).toBeCloseTo(6, 12)
    expect(memberRows({ ...alphabet, read: 1 })).toBeCloseTo(3, 12)
    expect(memberRows({ ...alphabet, read: 3 })).toBe(6)
  })
})
