import { describe, expect, it } from 'vitest'
import { seededRandom } from '../base/random.ts'
import { keptOf, type Cuts } from './cuts.ts'
import { noiseOf } from './noise.ts'

/** The definitions, word for word: everything is exponentiated and sorted. */
function keptSlowly(scores: Float32Array, { temperature, topK = Infinity, topP = 1, minP = 0 }: Cuts) {
  const best = Math.max(...scores)
  const weight = (index: number) => Math.exp((scores[index]! - best) / temperature)
  const order = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, topK)
  const needed = topP * order.reduce((sum, index) => sum + weight(index), 0)
  let reached = 0
  const end = order.findIndex((index) => (reached += weight(index)) >= needed)
  const kept = topP < 1 ? order.slice(0, end + 1) : order
  return kept.filter((index) => weight(index) >= minP && weight(index) >= Math.exp(-27)).sort((a, b) => a - b)
}

const cuts: Cuts[] = [
  { temperature: 0.7, topP: 0.9 },
  { temperature: 0.7, topP: 0.99 },
  { temperature: 1, topP: 0.001 },
  { temperature: 3, topP: 0.95 },
  { temperature: 1, topK: 40 },
  { temperature: 1, topK: 5_000 },
  { temperature: 1.3, topK: 50, topP: 0.8 },
  { temperature: 1, minP: 0.05 },
  { temperature: 1, topK: 30, topP: 0.9, minP: 0.1 },
  { temperature: 0.2 },
]

describe('what is left of 5,000 scores', () => {
  const random = seededRandom(8)
  it.each(cuts)('with %j is what sorting all of them leaves', (own) => {
    for (const spread of [0.5, 3, 8]) {
      const scores = Float32Array.from({ length: 5_000 }, () => spread * random.normal())
      // Some that are equal, and some that can't be.
      scores.copyWithin(100, 0, 20)
      scores.fill(-Infinity, 4_990)
      const { indices, weights, best } = keptOf(scores, own)
      expect([...indices].sort((a, b) => a - b)).toEqual(keptSlowly(scores, own))
      expect(best).toBe(Math.max(...scores))
      indices.forEach((index, i) =>
        expect(weights[i]).toBeCloseTo(Math.exp((scores[index]! - best) / own.temperature), 12),
      )
    }
  })

  it.each(cuts.slice(0, -1))('with %j is left, too, where scores differ by less than the margin', (own) => {
    for (let round = 0; round < 40; round++) {
      const scores = Float32Array.from({ length: 300 }, () => 3 * random.normal())
      const { indices, margin } = keptOf(scores, own)
      const by = 0.49 * Math.min(margin, 1) * own.temperature
      const others = scores.map((score) => score + by * (random.chance(0.5) ? 1 : -1))
      const sorted = (kept: Int32Array) => [...kept].sort((a, b) => a - b)
      expect(sorted(keptOf(others, own).indices)).toEqual(sorted(indices))
    }
  })
})

it('leaves nothing of nothing', () => {
  expect(keptOf(new Float32Array(3).fill(-Infinity), { temperature: 1 })).toMatchObject({ best: -Infinity })
  expect(keptOf(new Float32Array(3).fill(-Infinity), { temperature: 1 }).indices).toHaveLength(0)
})

it('leaves out only what is never drawn beside the best', () => {
  let [least, largest] = [1, 0]
  for (let token = 0; token < 100_000; token++) {
    least = Math.min(least, noiseOf(5, token))
    largest = Math.max(largest, noiseOf(5, token))
  }
  // The noise is a number of 32 bits and a half, so its ends are these.
  expect(least).toBeGreaterThanOrEqual(2 ** -33)
  expect(largest).toBeLessThanOrEqual(1 - 2 ** -33)
  const latest = -Math.log1p(-(1 - 2 ** -33))
  expect(-Math.log1p(-(2 ** -33)) / Math.exp(-27)).toBeGreaterThan(latest)
})
