import { afterAll, beforeAll, expect, it } from 'vitest'
import { seededRandom } from '../base/random.ts'
import { createNearFinder, type FindNear } from './near-logits.ts'
import { createPicker } from './picker.ts'
import type { Sampling } from './sampling.ts'

const size = 6_000
const random = seededRandom(12)
const finder = createNearFinder()
let asked = 0
const find: FindNear = (...of) => {
  asked++
  return finder.find(...of)
}
/** Of several spreads; in the flattest the largest 256 are not enough for any top-p. */
const states = [0.3, 2, 4].map((spread) => {
  const logits = Float32Array.from({ length: size }, () => spread * random.normal())
  logits.copyWithin(4_000, 0, 1_500)
  return logits.fill(-Infinity, size - 5)
})
beforeAll(() => finder.find(states[0]!, 1))
afterAll(() => finder.release())

it('finds the largest and the whole mass', async () => {
  for (const logits of states)
    for (const temperature of [0.7, 1.5]) {
      const { tokens, others, whole, largest } = await finder.find(logits, temperature)
      const order = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]! || a - b).slice(0, 256)
      expect([...tokens]).toEqual(order.toSorted((a, b) => a - b))
      expect(largest).toBe(logits[order[0]!])
      expect(others).toBe(logits[order[255]!])
      const mass = logits.reduce((sum, logit) => sum + Math.exp((logit - largest) / temperature), 0)
      expect(Math.abs(whole / mass - 1)).toBeLessThan(1e-5)
    }
})

const penalties = {
  repetitionPenalty: 1.3,
  presencePenalty: 0.4,
  frequencyPenalty: 0.3,
  logitBias: [
    [17, 6],
    [4_017, -100],
    [250, -3],
  ],
} as const

it.each<Omit<Sampling, 'seed'>>([
  { temperature: 0.7, topP: 0.9 },
  { temperature: 0.7, topP: 0.9, ...penalties },
  { temperature: 1.2, topP: 0.97, repetitionPenalty: 0.7 },
  { temperature: 1, topK: 40 },
  { temperature: 1, topK: 40, topP: 0.8, ...penalties },
  { temperature: 1, topK: 1_000 },
  { temperature: 0.9, minP: 0.05 },
  { temperature: 0.9, minP: 1e-5, topP: 0.999 },
  { temperature: 0.7, topK: 20, minP: 0.1, ...penalties },
])('picks with %j what looking through all logits picks', async (own) => {
  const sampling = { ...own, seed: 3 }
  const [fast, slow] = [createPicker(sampling, find), createPicker(sampling)]
  for (const picker of [fast, slow]) {
    picker.begin([5, 9, 17, 300])
    for (const token of [250, 4_250, 250]) picker.add(token)
  }
  for (const [i, logits] of states.entries()) {
    // What is best has been said already.
    const best = logits.indexOf(Math.max(...logits))
    for (const picker of [fast, slow]) picker.add(best)
    for (let place = 100 * i; place < 100 * i + 60; place++) {
      const picked = await fast.pickOfAll(logits, place)
      const expected = slow.pick(logits, null, place)
      expect(picked.index).toBe(expected.index)
      expect(picked.strength).toBeCloseTo(expected.strength, 9)
      expect(Math.abs(picked.lead - expected.lead)).toBeLessThan(1e-3)
    }
  }
  expect(asked).toBeGreaterThan(0)
})

it('is not asked where nothing is cut', async () => {
  asked = 0
  for (const sampling of [null, { temperature: 0, topP: 0.9, seed: 0 }, { temperature: 1, seed: 0 }])
    await createPicker(sampling, find).pickOfAll(states[1]!, 0)
  expect(asked).toBe(0)
})
