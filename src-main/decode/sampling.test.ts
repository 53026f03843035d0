import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { seededRandom, type Random } from '../base/random.ts'
import { createLogitsProcessor } from './logits-processor.ts'
import { largestIndex, sampleIndex, probabilitiesOf, type Sampling } from './sampling.ts'
import { chiSquare, chiSquareBound } from './testing/chi-square.ts'

const shares = [0.05, 0.4, 0.02, 0.3, 0, 0.2, 0.03]
/** Log-scores need not be normalised. */
const scores = Float32Array.from(shares, (share) => Math.log(share) + 7)

function draw(sampling: Omit<Sampling, 'seed'>, { count, seed }: { count: number; seed: number }): number[] {
  const random = seededRandom(seed)
  return Array.from({ length: count }, () => sampleIndex(scores, { ...sampling, seed }, random))
}

function counts(indices: readonly number[]): number[] {
  const result = shares.map(() => 0)
  for (const index of indices) result[index]!++
  return result
}

describe('20,000 draws are distributed', () => {
  it.each<[string, Omit<Sampling, 'seed'>, number[]]>([
    ['as the scores say, at temperature 1', { temperature: 1 }, shares],
    ['as their squares, at temperature 1/2', { temperature: 0.5 }, shares.map((share) => share ** 2)],
    ['as their square roots, at temperature 2', { temperature: 2 }, shares.map(Math.sqrt)],
    ['over the best three, with top-k 3', { temperature: 1, topK: 3 }, [0, 4, 0, 3, 0, 2, 0]],
    ['over all, with a top-k beyond them', { temperature: 1, topK: 100 }, shares],
    ['over the best alone, with top-k 1', { temperature: 2, topK: 1 }, [0, 1, 0, 0, 0, 0, 0]],
    ['over the fewest that reach top-p 0.69', { temperature: 1, topP: 0.69 }, [0, 4, 0, 3, 0, 0, 0]],
    ['over one more, with top-p 0.71', { temperature: 1, topP: 0.71 }, [0, 4, 0, 3, 0, 2, 0]],
    ['over the best alone, with a tiny top-p', { temperature: 1, topP: 0.001 }, [0, 1, 0, 0, 0, 0, 0]],
    ['over all, with top-p 1', { temperature: 1, topP: 1 }, shares],
    // 0.4 is less than 0.55 of everything, but more than 0.55 of the best two.
    ['by top-k first, then top-p', { temperature: 1, topK: 2, topP: 0.55 }, [0, 1, 0, 0, 0, 0, 0]],
    // 16 + 9 of 29.25 is more than 0.8; without the temperature a third one would be needed.
    ['by temperature first, then top-p', { temperature: 0.5, topK: 4, topP: 0.8 }, [0, 16, 0, 9, 0, 0, 0]],
  ])('%s', (_, sampling, expected) => {
    const drawn = counts(draw(sampling, { count: 20_000, seed: 12 }))
    expect(chiSquare(drawn, expected)).toBeLessThan(chiSquareBound(expected))
  })

  it('so that the check would notice the wrong temperature', () => {
    const drawn = counts(draw({ temperature: 1.1 }, { count: 20_000, seed: 12 }))
    expect(chiSquare(drawn, shares)).toBeGreaterThan(chiSquareBound(shares))
  })
})

describe("transformers' logits processors, and vLLM's penalties, leave the same probabilities", async () => {
  const reference = z
    .object({
      scores: z.array(z.number()),
      context: z.array(z.int()),
      /** After the context. */
      written: z.array(z.int()),
      cases: z.array(
        z.object({
          temperature: z.number(),
          topK: z.int().optional(),
          topP: z.number().optional(),
          minP: z.number().optional(),
          repetitionPenalty: z.number().optional(),
          presencePenalty: z.number().optional(),
          frequencyPenalty: z.number().optional(),
          logitBias: z.array(z.tuple([z.int(), z.number()])).optional(),
          shares: z.array(z.number()),
        }),
      ),
    })
    .parse(JSON.parse(await readFile(join(import.meta.dirname, 'testing/sampling.json'), 'utf8')))
  const logits = Float32Array.from(reference.scores)

  it.each(
    reference.cases.map(({ shares: expected, ...options }) => [JSON.stringify(options), options, expected]),
  )('%s', (_, options, expected) => {
    const sampling = { ...(options as Omit<Sampling, 'seed'>), seed: 0 }
    const processor = createLogitsProcessor(sampling)
    processor.begin(reference.context)
    for (const token of reference.written) processor.add(token)
    const found = probabilitiesOf(processor.apply(logits, null), sampling)
    const wanted = expected
    found.forEach((share, i) => expect(share).toBeCloseTo(wanted[i]!, 6))
    // What is cut is cut there, too.
    expect([...found].map((share) => share > 0)).toEqual(wanted.map((share) => share > 0))
    // The same for candidates that are told by their tokens.
    const tokens = Array.from(logits.keys()).reverse()
    const listed = processor.apply(
      Float32Array.from(tokens, (token) => logits[token]!),
      tokens,
    )
    expect([...probabilitiesOf(listed, sampling)].reverse().map((share) => share.toFixed(9))).toEqual(
      [...found].map((share) => share.toFixed(9)),
    )
  })
})

describe('a draw', () => {
  it('is repeated by the same seed, and not by another', () => {
    const drawn = (seed: number) => draw({ temperature: 1 }, { count: 50, seed })
    expect(drawn(4)).toEqual(drawn(4))
    expect(drawn(4)).not.toEqual(drawn(5))
  })

  it('at a temperature near 0 is the largest score', () => {
    expect(new Set(draw({ temperature: 0.01 }, { count: 1_000, seed: 1 }))).toEqual(new Set([1]))
  })

  it('takes the lower index where scores are equal at the cut', () => {
    const equal = Float32Array.of(1, 2, 2, 2)
    const random = seededRandom(3)
    const drawn = Array.from({ length: 200 }, () =>
      sampleIndex(equal, { temperature: 1, topK: 2, seed: 3 }, random),
    )
    expect(new Set(drawn)).toEqual(new Set([1, 2]))
  })

  it.each([0, 1 - 2 ** -53])('is something possible where the random number is %d', (uniform) => {
    const random: Random = { ...seededRandom(0), uniform: () => uniform }
    for (let count = 2; count < 200; count++) {
      // So many that rounding may leave a crumb of the random number after the last.
      const possible = Float32Array.from({ length: count }, (_, i) => -i / 40)
      const edges = Float32Array.of(-Infinity, ...possible, -Infinity)
      const expected = uniform === 0 ? 1 : count
      expect(sampleIndex(edges, { temperature: 1, seed: 0 }, random)).toBe(expected)
    }
  })
})

describe('largestIndex', () => {
  it('is the first of the largest', () => {
    expect(largestIndex(Float32Array.of(-3, -1, -2, -1))).toBe(1)
  })

  it('counts from the start of the range that it looks at', () => {
    expect(largestIndex(Float32Array.of(9, 1, 5, 2, 9), 1, 4)).toBe(1)
  })
})
