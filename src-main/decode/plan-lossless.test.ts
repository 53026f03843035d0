import { describe, expect, it } from 'vitest'
import type { MeasuredCosts } from './measure-costs.ts'
import { expectedSpeedups } from './plan-lossless.ts'

const costs: MeasuredCosts = {
  trunk: 20,
  tail: 1,
  verifier: 'own',
  baseHead: 5,
  head: [
    { rows: 1, milliseconds: 5 },
    { rows: 16, milliseconds: 8 },
  ],
}
const withInt8: MeasuredCosts = { ...costs, verifier: 'int8', head: [{ rows: 1, milliseconds: 2 }] }

describe('expected speedups', () => {
  it('are beside a pass of the trunk and one of base mode’s own head', () => {
    expect(expectedSpeedups({ costs, msPerToken: 23 })).toEqual({ lossless: 25 / 23, int8Alone: null })
    expect(expectedSpeedups({ costs: withInt8, msPerToken: 21 })).toEqual({
      lossless: 25 / 21,
      int8Alone: 25 / 22,
    })
  })

  it('are those of the verifying head alone where that writes sooner', () => {
    expect(expectedSpeedups({ costs, msPerToken: 30 }).lossless).toBe(1)
    expect(expectedSpeedups({ costs: withInt8, msPerToken: 23 }).lossless).toBe(25 / 22)
  })
})
