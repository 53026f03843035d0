import { describe, expect, it } from 'vitest'
import { seededRandom } from '../base/random.ts'
import type { RecordedDoubts } from '../spellm/doubts.ts'
import { chooseSettings, gateOf, gatesOf, replayedMilliseconds, simulate, type PassCosts } from './replay.ts'
import { madeUpDoubts } from './testing/symbol-spellm.ts'

const recordedOf = (texts: readonly (readonly [doubt: number, isRight: number])[][]): RecordedDoubts => ({
  lengths: Int32Array.from(texts, ({ length }) => length),
  doubts: Float32Array.from(texts.flat(), ([doubt]) => doubt),
  isRight: Uint8Array.from(texts.flat(), ([, isRight]) => isRight),
})

/** Step by step, as a list of what is pending. */
function bruteForce({ lengths, doubts, isRight }: RecordedDoubts, threshold: number, steps: number) {
  let [trunk, start] = [0, 0]
  const rows: number[] = []
  for (const length of lengths) {
    let pending: number[] = []
    let i = 0
    while (i < length) {
      trunk++
      const at = start + i
      if (doubts[at]! < threshold && pending.length < steps - 1 && i < length - 1) {
        pending.push(at)
        i++
        continue
      }
      rows.push(pending.length + 1)
      const wrong = pending.filter((position) => isRight[position] === 0)
      i = wrong.length > 0 ? wrong[0]! - start + 1 : i + 1
      pending = []
    }
    start += length
  }
  const total = doubts.length
  return {
    trunkPasses: trunk / total,
    headPasses: rows.length / total,
    rowsPerHeadPass: rows.reduce((a, b) => a + b, 0) / rows.length,
  }
}

describe('a replay of recorded texts', () => {
  it('verifies once for several tokens where nobody doubts', () => {
    const sure = recordedOf([Array.from({ length: 8 }, () => [-5, 1] as const)])
    expect(simulate(sure, 0, 4)).toEqual({ trunkPasses: 1, headPasses: 0.25, rowsPerHeadPass: 4 })
    expect(simulate(sure, 0, 100)).toEqual({ trunkPasses: 1, headPasses: 1 / 8, rowsPerHeadPass: 8 })
  })

  it('loses no pass of the trunk to a doubt, right or wrong', () => {
    const doubtful = recordedOf([Array.from({ length: 5 }, (_, i) => [9, i % 2] as const)])
    expect(simulate(doubtful, 0, 16)).toEqual({ trunkPasses: 1, headPasses: 1, rowsPerHeadPass: 1 })
  })

  it('goes back to a wrong token that nobody doubted', () => {
    // Pending: 0, 1 (wrong), 2; verified at 3; then from 2 on: 2, 3 in doubt.
    const text = recordedOf([
      [
        [-1, 1],
        [-1, 0],
        [-1, 1],
        [1, 1],
      ],
    ])
    expect(simulate(text, 0, 16)).toEqual({ trunkPasses: 6 / 4, headPasses: 2 / 4, rowsPerHeadPass: 3 })
  })

  it('is what a list of pending positions gives, over any texts', () => {
    const random = seededRandom(6)
    for (let round = 0; round < 60; round++) {
      const recorded = recordedOf(
        Array.from({ length: 1 + random.below(5) }, () =>
          Array.from(
            { length: 1 + random.below(40) },
            () => [random.normal(), Number(random.chance(0.8))] as const,
          ),
        ),
      )
      for (const threshold of [-2, -0.5, 0, 1, Infinity])
        for (const steps of [1, 2, 5, 16]) {
          const own = simulate(recorded, threshold, steps)
          const expected = bruteForce(recorded, threshold, steps)
          expect(own.trunkPasses).toBeCloseTo(expected.trunkPasses, 10)
          expect(own.headPasses).toBeCloseTo(expected.headPasses, 10)
          expect(own.rowsPerHeadPass).toBeCloseTo(expected.rowsPerHeadPass, 10)
        }
    }
  })
})

describe('settings for a machine', () => {
  const recorded = madeUpDoubts()
  const costs = (head: number, perRow: number): PassCosts => ({
    trunk: 10,
    tail: 0.2,
    head: (rows) => head + perRow * (rows - 1),
  })

  it('are the best of what is tried', () => {
    const chosen = chooseSettings(recorded, costs(5, 0.1))
    const { trunkPasses, headPasses, rowsPerHeadPass } = simulate(recorded, chosen.threshold, chosen.steps)
    expect(chosen.msPerToken).toBeCloseTo(
      trunkPasses * 10.2 + headPasses * (5 + 0.1 * (rowsPerHeadPass - 1)),
      8,
    )
    expect(chosen.speedup).toBeCloseTo(15 / chosen.msPerToken, 10)
    for (const share of [0.02, 0.1, 0.3])
      for (const steps of [4, 16]) {
        const other = simulate(recorded, gateOf(recorded, share).threshold, steps)
        expect(other.trunkPasses * 10.2 + other.headPasses * 5).toBeGreaterThan(chosen.msPerToken - 0.8)
      }
  })

  it('read the head least often of those that take about the same time', () => {
    for (const head of [0.3, 2, 9]) {
      const own = costs(head, 0.1)
      const time = (threshold: number, steps: number) => {
        const { trunkPasses, headPasses, rowsPerHeadPass } = simulate(recorded, threshold, steps)
        return { trunkPasses, headPasses, ms: trunkPasses * 10.2 + headPasses * own.head(rowsPerHeadPass) }
      }
      const others = [0.02, 0.04, 0.06, 0.1, 0.14, 0.2, 0.3, 0.5].flatMap((share) =>
        [4, 8, 16, 24, 32].map((steps) => time(gateOf(recorded, share).threshold, steps)),
      )
      const { threshold, steps } = chooseSettings(recorded, own, { baseToken: 1e3 })
      const chosen = time(threshold, steps)
      const least = Math.min(chosen.ms, ...others.map(({ ms }) => ms))
      expect(chosen.ms).toBeLessThanOrEqual(1.0151 * least)
      for (const other of others)
        if (other.ms <= Math.min(1.0149 * least, 10 + head) && other.trunkPasses <= 1.03)
          expect(other.headPasses).toBeGreaterThanOrEqual(chosen.headPasses - 1e-9)
      // Where little is gained, little of it is given up.
      const close = chooseSettings(recorded, own, { baseToken: 1.008 * least })
      expect(time(close.threshold, close.steps).ms).toBeLessThanOrEqual(1.0011 * least)
    }
  })

  it('make no more passes of the trunk for fewer readings than 1.03 a token, or than the fastest makes', () => {
    for (const head of [2, 4, 9]) {
      const own = costs(head, 0.1)
      const tried = Array.from({ length: 60 }, (_, i) => gateOf(recorded, 0.5 * 0.92 ** i).threshold)
        .flatMap((threshold) => [4, 8, 12, 16, 20, 24, 28, 32].map((n) => simulate(recorded, threshold, n)))
        .map((replay) => ({ ...replay, ms: replayedMilliseconds(replay, own) }))
      const fastest = tried.reduce((a, b) => (b.ms < a.ms ? b : a))
      const { threshold, steps } = chooseSettings(recorded, own, { baseToken: 1e3 })
      const { trunkPasses } = simulate(recorded, threshold, steps)
      expect(trunkPasses).toBeLessThanOrEqual(Math.max(1.03, fastest.trunkPasses + 0.002))
    }
  })

  it('doubt sooner where the head costs little, and later where it costs much', () => {
    const cheap = chooseSettings(recorded, costs(0.5, 0))
    const dear = chooseSettings(recorded, costs(50, 0))
    expect(cheap.threshold).toBeLessThan(dear.threshold)
    expect(dear.speedup).toBeGreaterThan(cheap.speedup)
  })

  it('keep to the most steps that are allowed', () => {
    expect(chooseSettings(recorded, costs(50, 0), { mostSteps: 6 }).steps).toBeLessThanOrEqual(6)
    expect(chooseSettings(recorded, costs(50, 0), { mostSteps: 1 })).toMatchObject({ steps: 1 })
    expect(() => chooseSettings(recordedOf([]), costs(1, 0))).toThrow(RangeError)
  })
})

it('gates have the shares that they are for, and what is in doubt is right', () => {
  const recorded = madeUpDoubts()
  const gates = gatesOf(recorded)
  expect(gates.map(({ share }) => share)).toEqual([0.01, 0.02, 0.05, 0.1, 0.15, 0.2])
  for (const { share, threshold, agreement } of gates) {
    const asked = recorded.doubts.filter((doubt) => doubt >= threshold).length
    expect(asked / 1_000).toBeCloseTo(share, 2)
    const right = recorded.isRight.filter(
      (isRight, i) => isRight === 1 || recorded.doubts[i]! >= threshold,
    ).length
    expect(agreement).toBe(right / 1_000)
  }
  expect(gates.map(({ threshold }) => threshold)).toEqual(
    gates.map(({ threshold }) => threshold).sort((a, b) => b - a),
  )
  expect(gateOf(recorded, 0)).toMatchObject({ threshold: Infinity })
  expect(gateOf(recorded, 1).agreement).toBe(1)
})
