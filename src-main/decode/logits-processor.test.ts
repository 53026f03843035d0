import { expect, it } from 'vitest'
import { beforeBanned } from './allowed-units.ts'
import { createLogitsProcessor } from './logits-processor.ts'
import type { Sampling } from './sampling.ts'

const logits = Float32Array.of(3, -2, 1, 0.5, -1)
const settings = (own: Partial<Sampling>): Sampling => ({ temperature: 0, seed: 0, ...own })

it('changes nothing, and says so, where nothing is set', () => {
  for (const sampling of [null, settings({}), settings({ repetitionPenalty: 1, presencePenalty: 0 })]) {
    const processor = createLogitsProcessor(sampling)
    processor.begin([0])
    processor.add(1)
    expect(processor.isIdle).toBe(true)
    expect(processor.apply(logits, null)).toBe(logits)
  }
})

it('adds the bias, then divides or multiplies what prompt and text have, then takes away what was written', () => {
  const processor = createLogitsProcessor(
    settings({
      repetitionPenalty: 2,
      presencePenalty: 0.5,
      frequencyPenalty: 0.25,
      logitBias: [
        [2, 4],
        [3, -1],
        [4, -100],
      ],
    }),
  )
  processor.begin([0, 0, 3])
  for (const token of [1, 2, 1, 1]) processor.add(token)
  // 3 / 2; −2 · 2 − 0.5 − 3 · 0.25; (1 + 4) / 2 − 0.5 − 0.25; (0.5 − 1) · 2; banned.
  expect([...processor.apply(logits, null)]).toEqual([1.5, -5.25, 1.75, -1, -Infinity])
  const tokens = [4, 1, 0]
  const some = Float32Array.from(tokens, (token) => logits[token]!)
  expect([...processor.apply(some, tokens)]).toEqual([-Infinity, -5.25, 1.5])
  expect([...logits]).toEqual([3, -2, 1, 0.5, -1])

  processor.remove(1)
  expect(processor.apply(logits, null)[1]).toBe(-5)
  processor.remove(1)
  processor.remove(1)
  expect(processor.apply(logits, null)[1]).toBe(-2)
  expect([0, 1, 2, 3, 4].map((token) => processor.changes(token))).toEqual([true, false, true, true, true])
})

it('counts what was written, not the prompt, for presence and frequency, as vLLM does', () => {
  const processor = createLogitsProcessor(settings({ presencePenalty: 1, frequencyPenalty: 0.5 }))
  processor.begin([0, 2])
  expect(processor.apply(logits, null)).toEqual(logits)
  processor.add(2)
  processor.add(2)
  expect([...processor.apply(logits, null)]).toEqual([3, -2, -1, 0.5, -1])
})

it('knows whether a repeated token may gain', () => {
  const raising = [{ repetitionPenalty: 0.9 }, { presencePenalty: -0.1 }, { frequencyPenalty: -0.1 }]
  for (const own of raising) expect(createLogitsProcessor(settings(own)).raisesRepeated).toBe(true)
  const lowering = settings({ repetitionPenalty: 1.1, presencePenalty: 1, frequencyPenalty: 1 })
  expect(createLogitsProcessor(lowering).raisesRepeated).toBe(false)
})

it('ends a word before a token that is banned', () => {
  const processor = createLogitsProcessor(
    settings({
      logitBias: [
        [7, -Infinity],
        [8, -99],
      ],
    }),
  )
  expect(processor).toMatchObject({ biased: [7, 8], bans: 1 })
  expect(beforeBanned([5, 8, 7, 6], processor)).toEqual([5, 8])
  expect(beforeBanned([5, 6], processor)).toEqual([5, 6])
  expect(beforeBanned([7], processor)).toEqual([])
})
