import { describe, expect, it } from 'vitest'
import { panned, within, zoomed } from './zoom.ts'

const full = [0, 1_000] as const

describe('zooming', () => {
  it('keeps the centre in its place', () => {
    const [from, to] = zoomed([200, 600], full, 0.5, 300)!
    expect(to - from).toBe(200)
    expect((300 - from) / 200).toBeCloseTo((300 - 200) / 400)
  })

  it('out far enough shows everything', () => {
    expect(zoomed([200, 600], full, 3, 400)).toBeNull()
  })

  it('out at an edge does not show what is not there', () => {
    expect(zoomed([0, 200], full, 2, 100)).toEqual([0, 400])
  })

  it('in ends somewhere', () => {
    let range: readonly [number, number] = [400, 600]
    for (let i = 0; i < 100; i++) range = zoomed(range, full, 0.5, 500)!
    expect(range[1] - range[0]).toBeGreaterThan(0)
    expect(range[0]).toBeLessThanOrEqual(500)
    expect(range[1]).toBeGreaterThanOrEqual(500)
  })
})

describe('panning', () => {
  it('moves by a share of what is shown and stops at the edges', () => {
    expect(panned([200, 400], full, 0.25)).toEqual([250, 450])
    expect(panned([700, 900], full, 1)).toEqual([800, 1_000])
    expect(panned([100, 300], full, -1)).toEqual([0, 200])
  })
})

it('a range without width or beyond everything counts as no zoom', () => {
  expect(within([-10, 2_000], full)).toBeNull()
  expect(within([0, 1_000], full)).toBeNull()
  expect(within([Number.NaN, 5], full)).toBeNull()
})
