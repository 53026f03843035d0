import { describe, expect, it } from 'vitest'
import { createPace, type Pace } from './pace.ts'
import type { PassCosts } from './replay.ts'

/** Of the base model 14 ms a token, 10 of them the trunk's. */
const costs: PassCosts = { trunk: 10, tail: 0.5, head: (rows) => 4 + 0.1 * (rows - 1) }

/** Verifications of `steps` steps each, that many tokens of which stand: whether it was worthwhile to the end. */
function write(
  pace: Pace,
  verifications: number,
  {
    steps,
    confirmed = steps,
    slowdown = 1,
    took = costs,
    draft = 0,
  }: { steps: number; confirmed?: number; slowdown?: number; took?: PassCosts; draft?: number },
): boolean {
  let isWorthwhile = true
  for (let i = 0; i < verifications; i++) {
    for (let step = 0; step < steps; step++)
      pace.stepped(slowdown * (took.trunk + took.tail), slowdown * draft)
    isWorthwhile = pace.isWorthwhile(confirmed, steps, slowdown * took.head(steps))
  }
  return isWorthwhile
}

const watch = (own: PassCosts = costs) => {
  const told: [number, number][] = []
  return { told, pace: createPace(own, (ms, base) => told.push([ms, base])) }
}

describe('the pace of a text', () => {
  it('is kept where one verification serves several tokens', () => {
    const { pace, told } = watch()
    expect(write(pace, 200, { steps: 8 })).toBe(true)
    expect(told).toEqual([])
  })

  it('isn’t where too many passes are lost, which is told once, in milliseconds a token', () => {
    const { pace, told } = watch()
    expect(write(pace, 100, { steps: 8, confirmed: 5 })).toBe(false)
    expect(told).toHaveLength(1)
    const [own, base] = told[0]!
    expect(own).toBeCloseTo((8 * 10.5 + 4.7) / 5, 6)
    expect(base).toBeCloseTo(14, 6)
  })

  it('isn’t judged before there are enough tokens', () => {
    const { pace } = watch()
    // 63 tokens, each with a pass of its own and the tail's beside it, and one more.
    expect(write(pace, 63, { steps: 2, confirmed: 1 })).toBe(true)
    expect(write(pace, 1, { steps: 2, confirmed: 1 })).toBe(false)
  })

  it('isn’t judged by a single draft of which nothing stood', () => {
    // A head that is small beside the trunk, so that there is little to gain.
    const took: PassCosts = { trunk: 10, tail: 0.3, head: (rows) => 1.2 + 0.1 * (rows - 1) }
    const { pace } = watch(took)
    expect(write(pace, 7, { steps: 8, took })).toBe(true)
    expect(write(pace, 1, { steps: 12, confirmed: 1, took })).toBe(true)
    expect(write(pace, 2, { steps: 8, took })).toBe(true)
    // Of several it is.
    expect(write(pace, 20, { steps: 12, confirmed: 9, took })).toBe(false)
  })

  it('is judged soon where nothing is lost but the head is asked too often', () => {
    const took: PassCosts = { trunk: 10, tail: 1.5, head: (rows) => 1.2 + 0.1 * (rows - 1) }
    const { pace } = watch(took)
    expect(write(pace, 63, { steps: 1, took })).toBe(true)
    expect(write(pace, 1, { steps: 1, took })).toBe(false)
  })

  it('is judged by drafts that take longer than was measured', () => {
    expect(write(watch().pace, 200, { steps: 3, draft: 2 })).toBe(true)
    expect(write(watch().pace, 200, { steps: 3, draft: 4 })).toBe(false)
  })

  it('isn’t judged by a machine that has become slower for everything', () => {
    expect(write(watch().pace, 200, { steps: 8, slowdown: 3 })).toBe(true)
    expect(write(watch().pace, 200, { steps: 8, confirmed: 5, slowdown: 3 })).toBe(false)
  })

  it('is that of the last tokens: a good beginning doesn’t cover for the rest', () => {
    const { pace } = watch()
    expect(write(pace, 500, { steps: 16 })).toBe(true)
    // Less than an eighth of what came before.
    expect(write(pace, 100, { steps: 16, confirmed: 10 })).toBe(false)
  })

  it('doesn’t count what follows the prompt, which no step of its own was needed for', () => {
    const { pace, told } = watch()
    for (let i = 0; i < 100; i++) expect(pace.isWorthwhile(1, 1, 1_000)).toBe(true)
    expect(write(pace, 100, { steps: 8 })).toBe(true)
    expect(told).toEqual([])
  })
})
