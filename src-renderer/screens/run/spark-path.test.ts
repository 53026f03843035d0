import { expect, it } from 'vitest'
import { sparkPath } from './spark-path.ts'

it('spans the width with the steps and the height with 0 to 1', () => {
  expect(sparkPath([10, 20, 50], [0, 1, 0.5], 100, 40)).toBe('M0.0,40.0L25.0,0.0L100.0,20.0')
})

it('shows a single value as a dash, and nothing as nothing', () => {
  expect(sparkPath([7], [0.25], 100, 40)).toBe('M0,30.0H100')
  expect(sparkPath([], [], 100, 40)).toBe('')
})

it('has a bounded number of points', () => {
  const steps = Array.from({ length: 5_000 }, (_, i) => i)
  const path = sparkPath(
    steps,
    steps.map((step) => (step % 7) / 7),
    100,
    40,
  )
  expect(path.match(/[ML]/g)!.length).toBeLessThanOrEqual(4 * 51)
})
