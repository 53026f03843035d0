import { describe, expect, it } from 'vitest'
import { decimate, extremes, firstIndexFrom, nearestIndex } from './decimation.ts'

const steps = Array.from({ length: 100_000 }, (_, i) => i + 1)
/** Noise that falls, with two single outliers that must not vanish. */
const losses = steps.map((step) => 5 / Math.sqrt(step) + Math.sin(step * 12.9898) * 0.1)
losses[70_001] = 40
losses[31_337] = -3

describe('decimation', () => {
  const drawn = decimate(steps, losses, 1, 100_000, 800)

  it('draws at most four points for each column of pixels', () => {
    expect(drawn.x.length).toBeLessThanOrEqual(4 * 801)
  })

  it('draws only points that exist, in their order', () => {
    drawn.x.forEach((x, i) => {
      expect(losses[x - 1]).toBe(drawn.y[i])
      if (i > 0) expect(x).toBeGreaterThan(drawn.x[i - 1]!)
    })
  })

  it('shows the first and the last point and every outlier', () => {
    expect([drawn.x[0], drawn.x.at(-1)]).toEqual([1, 100_000])
    expect(drawn.y).toContain(40)
    expect(drawn.y).toContain(-3)
  })

  it('keeps the lowest and highest value of each column of pixels', () => {
    const perBucket = 99_999 / 800
    for (const bucket of [0, 17, 400, 799]) {
      const inBucket = (x: number) => Math.floor((x - 1) / perBucket) === bucket
      const all = losses.filter((_, i) => inBucket(steps[i]!))
      const kept = drawn.y.filter((_, i) => inBucket(drawn.x[i]!))
      expect([Math.min(...kept), Math.max(...kept)]).toEqual([Math.min(...all), Math.max(...all)])
    }
  })

  it('leaves few points alone, with one neighbour on either side of the stretch that is shown', () => {
    expect(decimate(steps, losses, 500, 600, 800).x).toEqual(steps.slice(498, 601))
  })

  it('draws nothing of an empty line', () => {
    expect(decimate([], [], 0, 1, 100)).toEqual({ x: [], y: [] })
  })
})

describe('positions in an ascending column', () => {
  const column = [10, 20, 20, 40]
  it('finds the first value from a limit on', () => {
    expect([5, 10, 11, 20, 40, 41].map((value) => firstIndexFrom(column, value))).toEqual([0, 0, 1, 1, 3, 4])
  })
  it('finds the nearest value', () => {
    expect([-5, 14, 16, 29, 31, 99].map((value) => column[nearestIndex(column, value)!])).toEqual([
      10, 10, 20, 20, 40, 40,
    ])
    expect(nearestIndex([], 3)).toBeNull()
  })
})

describe('extremes', () => {
  it('are those of the stretch', () => {
    expect(extremes([5, 1, 9, 2], 1, 3)).toEqual({ min: 1, max: 9 })
    expect(extremes([5, 1, 9, 2], 3)).toEqual({ min: 2, max: 2 })
    expect(extremes([], 0)).toBeNull()
  })
})
