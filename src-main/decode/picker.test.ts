import { expect, it } from 'vitest'
import { seededRandom } from '../base/random.ts'
import { drawByNoise, noiseKey, noiseOf } from './noise.ts'
import { createPicker, requirePick } from './picker.ts'
import { probabilitiesOf } from './sampling.ts'
import { chiSquare, chiSquareBound } from './testing/chi-square.ts'

const random = seededRandom(4)
const logits = Float32Array.from({ length: 40 }, () => 2 * random.normal())

it('draws each token as often as its share, at one place after another', () => {
  const sampling = { temperature: 2, topP: 0.9, seed: 11 }
  const shares = probabilitiesOf(logits, sampling)
  const picker = createPicker(sampling)
  const rounds = 20_000
  const counts = new Float64Array(logits.length)
  for (let place = 0; place < rounds; place++) counts[picker.pick(logits, null, place).index]!++
  expect(shares.filter((share) => share > 0).length).toBeGreaterThan(5)
  expect(chiSquare([...counts], [...shares])).toBeLessThan(chiSquareBound([...shares]))
})

it('draws from a part what it draws from the whole, wherever that lies in the part', () => {
  const sampling = { temperature: 1.3, seed: 5 }
  const picker = createPicker(sampling)
  const part = Int32Array.from({ length: 20 }, (_, i) => 2 * i)
  const own = Float32Array.from(part, (token) => logits[token]!)
  let inPart = 0
  for (let place = 0; place < 500; place++) {
    const whole = picker.pick(logits, null, place).index
    if (whole % 2 === 1) continue
    inPart++
    expect(part[picker.pick(own, part, place).index]).toBe(whole)
  }
  expect(inPart).toBeGreaterThan(100)
})

it('takes the best after penalties, as long as a token is in the text', () => {
  const [first, second, third] = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]!)
  expect(logits[third!]).toBeGreaterThan(0)
  const picker = createPicker({ temperature: 0, repetitionPenalty: 1e3, seed: 0 })
  const pick = () => picker.pick(logits, null, 0)
  expect(pick()).toMatchObject({ index: first, strength: logits[first!] })
  picker.begin([first!])
  expect(pick()).toMatchObject({ index: second, lead: logits[second!]! - logits[third!]! })
  picker.add(second!)
  picker.add(second!)
  expect(pick().index).toBe(third)
  picker.remove(second!)
  expect(pick().index).toBe(third)
  picker.remove(second!)
  expect(pick().index).toBe(second)
})

it('picks nothing where everything is banned', () => {
  const tokens = Int32Array.of(3, 8)
  for (const temperature of [0, 1]) {
    const picker = createPicker({
      temperature,
      seed: 2,
      logitBias: [...tokens].map((token) => [token, -100] as const),
    })
    expect(picker.isPlain).toBe(false)
    expect(picker.pick(Float32Array.of(5, 6), tokens, 0)).toMatchObject({ index: -1, best: -Infinity })
    expect(() => requirePick(picker, Float32Array.of(5, 6), tokens, 0)).toThrow(/No token is left/)
    expect([3, 8]).not.toContain(picker.pick(logits, null, 0).index)
  }
})

it('has noise that is uniform, and of each seed, place and token its own', () => {
  const bins = new Float64Array(20)
  const seen = new Set<number>()
  for (let place = 0; place < 50; place++)
    for (let token = 0; token < 400; token++) {
      const noise = noiseOf(noiseKey(9, place), token)
      expect(noise).toBeGreaterThan(0)
      expect(noise).toBeLessThan(1)
      bins[Math.floor(noise * 20)]!++
      seen.add(noise)
    }
  expect(seen.size).toBeGreaterThan(19_990)
  expect(chiSquare([...bins], Array(20).fill(1))).toBeLessThan(chiSquareBound(Array(20).fill(1)))
  expect(drawByNoise(Float64Array.of(0, 1, 0), [4, 5, 6], noiseKey(1, 1)).index).toBe(1)
})
