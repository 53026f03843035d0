import { describe, expect, it } from 'vitest'
import type { Line } from './line.ts'
import { nextPosition, summarize, tableRows, valueAt } from './reading.ts'

const line = (x: number[], y: number[]): Line => ({ label: 'line', x, y, color: 0, dash: 0 })
const loss = line([1, 2, 3, 4, 5], [9, 4, 6, 2, 3])
const agreement = line([2, 5], [0.5, 0.9])
const empty = line([], [])

describe('reading a chart', () => {
  it('takes the value of the nearest point, and the latest without a position', () => {
    expect(valueAt(loss, 2.2)).toBe(4)
    expect(valueAt(agreement, 4)).toBe(0.9)
    expect(valueAt(loss, null)).toBe(3)
    expect(valueAt(empty, 3)).toBeNull()
    expect(valueAt(empty, null)).toBeNull()
  })

  it('says where the lowest and the highest value are', () => {
    expect(summarize(loss)).toEqual({
      latest: { x: 5, y: 3 },
      lowest: { x: 4, y: 2 },
      highest: { x: 1, y: 9 },
    })
    expect(summarize(empty)).toBeNull()
  })

  it('spreads the rows of a table from the first to the last position that is shown', () => {
    const long = line(
      Array.from({ length: 1_000 }, (_, i) => i),
      Array.from({ length: 1_000 }, (_, i) => 2 * i),
    )
    const rows = tableRows([long, agreement], [100, 900], 5)
    expect(rows.map(({ x }) => x)).toEqual([100, 300, 500, 700, 900])
    expect(rows.map(({ values }) => values)).toEqual([200, 600, 1000, 1400, 1800].map((y) => [y, 0.9]))
  })

  it('has a row for each point where there are few', () => {
    expect(tableRows([empty, agreement], [0, 10], 20).map(({ x }) => x)).toEqual([2, 5])
    expect(tableRows([empty], [0, 10], 20)).toEqual([])
  })

  it('moves along the points of a line, by one at least, and stops at its ends', () => {
    expect(nextPosition(loss, 2, 0.01)).toBe(3)
    expect(nextPosition(loss, 2, -0.01)).toBe(1)
    expect(nextPosition(loss, 2, 2.2)).toBe(4)
    expect(nextPosition(loss, 5, 1)).toBe(5)
    expect(nextPosition(loss, 1, -3)).toBe(1)
    expect(nextPosition(empty, 7, 1)).toBe(7)
  })
})
