import { describe, expect, it } from 'vitest'
import { align, differences } from './align.ts'

const shown = (base: string, spellm: string) =>
  align(base.split(' ').filter(Boolean), spellm.split(' ').filter(Boolean)).map(
    (pair) => `${pair.base ?? '-'}${pair.isSame ? '=' : '/'}${pair.spellm ?? '-'}`,
  )

describe('aligning what base and SpeLLM wrote', () => {
  it('pairs equal sequences throughout', () => {
    expect(shown('a b c', 'a b c')).toEqual(['a=a', 'b=b', 'c=c'])
  })

  it('pairs a replaced token and finds together again', () => {
    expect(shown('the shy cat ran', 'the old cat ran')).toEqual(['the=the', 'shy/old', 'cat=cat', 'ran=ran'])
  })

  it('leaves a gap where one has more', () => {
    expect(shown('the cat ran', 'the very old cat ran')).toEqual([
      'the=the',
      '-/very',
      '-/old',
      'cat=cat',
      'ran=ran',
    ])
  })

  it('pairs in order what has nothing in common, the rest with gaps', () => {
    expect(shown('a b c', 'x y')).toEqual(['a/x', 'b/y', 'c/-'])
  })

  it('copes with one that has not begun', () => {
    expect(shown('', 'a b')).toEqual(['-/a', '-/b'])
    expect(shown('', '')).toEqual([])
  })

  it('finds the most matches that there can be, and loses no token', () => {
    let state = 7
    const random = (n: number) => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) % n
    for (let round = 0; round < 200; round++) {
      const base = Array.from({ length: random(9) }, () => random(3))
      const spellm = Array.from({ length: random(9) }, () => random(3))
      const pairs = align(base, spellm)
      expect(pairs.flatMap((pair) => pair.base ?? [])).toEqual(base)
      expect(pairs.flatMap((pair) => pair.spellm ?? [])).toEqual(spellm)
      for (const pair of pairs) if (pair.isSame) expect(pair.base).toBe(pair.spellm)
      expect(pairs.filter(({ isSame }) => isSame)).toHaveLength(longestByRecursion(base, spellm))
    }
  })

  it('marks common beginning and end of sequences that are too long to search', () => {
    const base = [1, 2, ...Array.from({ length: 3_000 }, (_, i) => 10 + i), 3]
    const spellm = [1, 2, ...Array.from({ length: 3_000 }, (_, i) => 5_000 + i), 3]
    const marked = differences(base, spellm)
    expect(marked.base.flatMap((isDifferent, i) => (isDifferent ? [] : [i]))).toEqual([0, 1, 3_002])
    expect(marked.spellm).toHaveLength(3_003)
  })
})

function longestByRecursion(a: readonly number[], b: readonly number[]): number {
  if (a.length === 0 || b.length === 0) return 0
  if (a[0] === b[0]) return 1 + longestByRecursion(a.slice(1), b.slice(1))
  return Math.max(longestByRecursion(a.slice(1), b), longestByRecursion(a, b.slice(1)))
}
