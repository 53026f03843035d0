import { describe, expect, it } from 'vitest'
import { extendSmoothed, smooth } from './smoothing.ts'

describe('smoothing', () => {
  it('leaves a constant as it is, from the first value on', () => {
    for (const value of smooth(
      Array.from({ length: 100 }, () => 7.5),
      20,
    ).values)
      expect(value).toBeCloseTo(7.5, 10)
  })

  it('is the weighted mean of all values so far, each weighing less than the next by the same factor', () => {
    const source = [4, 1, 9, 2, 2, 8]
    const decay = 1 - 2 / (5 + 1)
    const expected = source.map((_, end) => {
      const weights = source.slice(0, end + 1).map((_, i) => decay ** (end - i))
      const sum = weights.reduce((a, b) => a + b)
      return weights.reduce((total, weight, i) => total + weight * source[i]!, 0) / sum
    })
    smooth(source, 5).values.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 12))
  })

  it('with a window of one changes nothing', () => {
    expect(smooth([3, 1, 4, 1, 5], 1).values).toEqual([3, 1, 4, 1, 5])
  })

  it('gives the same when the values come bit by bit', () => {
    const all = Array.from({ length: 1_000 }, (_, i) => Math.sin(i) + 2)
    const source: number[] = []
    const growing = smooth(source, 50)
    for (let i = 0; i < all.length; i += 7) {
      source.push(...all.slice(i, i + 7))
      extendSmoothed(growing)
    }
    expect(growing.values).toEqual(smooth(all, 50).values)
  })

  it('starts again when its source was cut and has grown again', () => {
    const source = [5, 5, 5, 5, 1]
    const smoothed = smooth(source, 3)
    source.length = 2
    source.push(9, 9, 9, 9)
    extendSmoothed(smoothed, 1)
    expect(smoothed.values).toEqual(smooth(source, 3).values)
  })
})
