import { expect, it } from 'vitest'
import { median, medianError, quartiles } from './median.ts'

it('the median is in the middle, the quartiles lie in proportion between values', () => {
  expect(median([5, 1, 3])).toBe(3)
  expect(median([4, 1, 3, 2])).toBe(2.5)
  // numpy.quantile([1, 2, 4, 8], [0.25, 0.75])
  expect(quartiles([8, 1, 4, 2])).toEqual([1.75, 5])
  expect(quartiles([3, 1, 2])).toEqual([1.5, 2.5])
  expect(quartiles([7])).toEqual([7, 7])
  expect(() => quartiles([])).toThrow(RangeError)
})

it('a median of many values is off by about what it is off by in samples of a normal distribution', () => {
  // Of 101 normally distributed values the median's standard deviation is √(π / 202) σ.
  const values = Array.from({ length: 101 }, (_, i) => inverseNormal((i + 0.5) / 101))
  expect(medianError(values)).toBeCloseTo(Math.sqrt(Math.PI / 202), 2)
  expect(medianError([2, 2, 2])).toBe(0)
})

/** By bisection of the distribution function, which is integrated by Simpson's rule. */
function inverseNormal(share: number): number {
  let [low, high] = [-8, 8]
  while (high - low > 1e-6) {
    const middle = (low + high) / 2
    if (0.5 + integral(middle) < share) low = middle
    else high = middle
  }
  return low
}

function integral(end: number): number {
  const pieces = 400
  const density = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)
  let sum = 0
  for (let i = 0; i <= pieces; i++) {
    const weight = i === 0 || i === pieces ? 1 : i % 2 === 1 ? 4 : 2
    sum += weight * density((i * end) / pieces)
  }
  return (sum * end) / pieces / 3
}
