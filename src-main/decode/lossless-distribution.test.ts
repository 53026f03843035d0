import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readTensor } from '../formats/safetensors.ts'
import { collect } from '../runs/testing/collect.ts'
import type { Sampling } from './sampling.ts'
import { chiSquare, chiSquareBound } from './testing/chi-square.ts'
import { writeSymbolSpellm } from './testing/symbol-spellm.ts'
import { openTextGenerator, type TextGenerator } from './text-generator.ts'

const prompt = 'He was so happy that he'
const tokens = 3
const texts = 300
/** Texts that are less likely are counted together. */
const leastExpected = 6

let scratch = ''
let generator: TextGenerator
let headRows: Float32Array
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-distribution-'))
  await writeSymbolSpellm(scratch, { isSure: true, tokenSymbols: 1_500 })
  generator = await openTextGenerator(scratch)
  const { checkpoint, architecture } = generator.base
  headRows = await readTensor(checkpoint.tensors.get(architecture.head.weight.name)!)
})
afterAll(async () => {
  await generator.release()
  await rm(scratch, { recursive: true, force: true })
})

/** What a token's probability is by the definitions, in double precision, sorting everything. */
function sharesByHand(
  logits: readonly number[],
  written: readonly number[],
  {
    temperature,
    topP = 1,
    repetitionPenalty = 1,
    presencePenalty = 0,
    frequencyPenalty = 0,
    logitBias = [],
  }: Sampling,
): Map<number, number> {
  const read = generator.promptTokens(prompt)
  const scores = logits.map((logit, token) => {
    const bias = logitBias.find(([biased]) => biased === token)?.[1] ?? 0
    const times = written.filter((other) => other === token).length
    let score = bias === -100 ? -Infinity : logit + bias
    if (times > 0 || read.includes(token))
      score = score > 0 ? score / repetitionPenalty : score * repetitionPenalty
    return times > 0 ? score - presencePenalty - frequencyPenalty * times : score
  })
  const best = Math.max(...scores)
  const weights = scores.map((score) => Math.exp((score - best) / temperature))
  const total = weights.reduce((a, b) => a + b, 0)
  const kept = new Map<number, number>()
  let reached = 0
  for (const token of [...scores.keys()].sort((a, b) => weights[b]! - weights[a]!)) {
    if (reached >= topP * total) break
    kept.set(token, weights[token]!)
    reached += weights[token]!
  }
  return new Map([...kept].map(([token, weight]) => [token, weight / reached]))
}

/** The probability of each beginning of so many tokens that is likely enough to be counted by itself. */
async function beginnings(sampling: Sampling): Promise<Map<string, number>> {
  const { trunk } = await generator.sessions()
  const d = generator.base.architecture.hiddenSize
  let level = new Map<string, { readonly written: readonly number[]; readonly share: number }>()
  level.set('', { written: [], share: 1 })
  for (let depth = 0; depth < tokens; depth++) {
    const next: typeof level = new Map()
    for (const { written, share } of level.values()) {
      const cache = trunk.createCache()
      const states = await trunk.forward(
        Int32Array.from([...generator.promptTokens(prompt), ...written]),
        cache,
      )
      cache.release()
      const hidden = states.slice(-d)
      const logits = Array.from({ length: headRows.length / d }, (_, row) => {
        let sum = 0
        for (let i = 0; i < d; i++) sum += headRows[row * d + i]! * hidden[i]!
        return sum
      })
      for (const [token, own] of sharesByHand(logits, written, sampling)) {
        const longer = [...written, token]
        if (share * own * texts >= leastExpected)
          next.set(longer.join(), { written: longer, share: share * own })
      }
    }
    level = next
  }
  return new Map([...level].map(([text, { share }]) => [text, share]))
}

describe('lossless mode draws texts as often as the base model’s probabilities say', () => {
  it.each<[string, Omit<Sampling, 'seed'>]>([
    ['at temperature 0.7 with top-p 0.9', { temperature: 0.7, topP: 0.9 }],
    [
      'with penalties that raise',
      { temperature: 0.7, topP: 0.95, presencePenalty: -0.8, frequencyPenalty: -0.3 },
    ],
    [
      'with all of them and biases',
      {
        temperature: 0.9,
        topP: 0.9,
        repetitionPenalty: 0.8,
        presencePenalty: 1,
        frequencyPenalty: 0.5,
        logitBias: [
          [3_500, 14],
          [310, -100],
        ],
      },
    ],
  ])(
    '%s',
    async (_, settings) => {
      const expected = await beginnings({ ...settings, seed: 0 })
      const counts = new Map<string, number>()
      const kvContext = generator.createKvContext()
      let passes = 0
      for (let seed = 0; seed < texts; seed++) {
        const pieces = await collect(
          generator.write(prompt, kvContext, {
            mode: 'lossless',
            sampling: { ...settings, seed },
            maxTokens: tokens,
            stop: [],
            onHeadPass: () => passes++,
          }),
        )
        const text = pieces.flatMap(({ token }) => (token === null ? [] : [token])).join()
        counts.set(text, (counts.get(text) ?? 0) + 1)
      }
      const common = [...expected]
      const shares = common.map(([, share]) => share)
      const seen = common.map(([text]) => counts.get(text) ?? 0)
      const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)
      const rest = 1 - sum(shares)
      const withRest = rest * texts >= 1 ? [...shares, rest] : shares
      expect(common.length).toBeGreaterThan(3)
      expect(chiSquare([...seen, texts - sum(seen)], withRest)).toBeLessThan(chiSquareBound(withRest))
      // Several tokens waited for one verification.
      expect(passes).toBeLessThan(texts * tokens)
    },
    120_000,
  )
})
