import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { collect } from '../runs/testing/collect.ts'
import type { Sampling } from './sampling.ts'
import { writeSymbolSpellm } from './testing/symbol-spellm.ts'
import { openTextGenerator, type TextGenerator, type TextOptions } from './text-generator.ts'

const prompts = ['Once upon a time', 'One day, a cat named Zephyr']

let scratch = ''
/** Whose tail drafts on and on, and whose tail has learnt nothing. */
let sure: TextGenerator
let unsure: TextGenerator
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-penalties-'))
  await writeSymbolSpellm(join(scratch, 'sure'), { isSure: true, tokenSymbols: 1_500, contextSymbols: 24 })
  await writeSymbolSpellm(join(scratch, 'unsure'))
  sure = await openTextGenerator(join(scratch, 'sure'))
  unsure = await openTextGenerator(join(scratch, 'unsure'))
})
afterAll(async () => {
  await sure.release()
  await unsure.release()
  await rm(scratch, { recursive: true, force: true })
})

const write = async (generator: TextGenerator, prompt: string, options: Partial<TextOptions>) => {
  const pieces = await collect(
    generator.write(prompt, generator.createKvContext(), {
      mode: 'lossless',
      sampling: null,
      maxTokens: 32,
      stop: [],
      ...options,
    }),
  )
  return pieces.flatMap(({ token }) => (token === null ? [] : [token]))
}

const logitBias: Sampling['logitBias'] = [
  // A token symbol of both, one of neither that is unlikely, and one more.
  [310, -100],
  [3_500, 9],
  [400, 2],
]
const repetitionPenalty = 1.3
const presencePenalty = 1.2
const frequencyPenalty = 0.6
const all = { repetitionPenalty: 1.15, presencePenalty: 0.6, frequencyPenalty: 0.3, logitBias }
const raising = { repetitionPenalty: 0.95, presencePenalty: -0.2, frequencyPenalty: -0.05 }

describe('lossless mode writes the base model’s text, token for token,', () => {
  it.each<[string, Omit<Sampling, 'temperature' | 'seed'>]>([
    ['with a repetition penalty', { repetitionPenalty }],
    ['with a presence penalty', { presencePenalty }],
    ['with a frequency penalty', { frequencyPenalty }],
    ['with biases', { logitBias }],
    ['with all of them', all],
    ['with penalties that raise', raising],
  ])(
    '%s',
    async (_, own) => {
      let [written, headPasses] = [0, 0]
      for (const temperature of [0, 0.7])
        for (const prompt of prompts) {
          const sampling: Sampling = { temperature, topP: 0.9, seed: 7, ...own }
          const expected = await write(sure, prompt, { mode: 'base', sampling })
          const options = { sampling, onHeadPass: () => headPasses++ }
          expect(await write(sure, prompt, options)).toEqual(expected)
          expect(await write(unsure, prompt, { sampling })).toEqual(expected)
          written += expected.length
        }
      // Several tokens wait for one verification.
      expect(headPasses).toBeLessThan(written)
    },
    120_000,
  )
})

describe('in every mode', () => {
  const modes: Partial<TextOptions>[] = [
    { mode: 'base' },
    { mode: 'lossless' },
    { mode: 'gated', gateShare: 0.3 },
    { mode: 'trie', candidates: 8 },
    { mode: 'trie', candidates: 0 },
    { mode: 'free' },
  ]

  it.each(modes)('%j, what is banned is never written, greedily or drawn', async (mode) => {
    for (const temperature of [0, 1]) {
      const banned = new Set<number>()
      for (let round = 0; round < 2; round++) {
        const logitBias = [...banned].map((token) => [token, -100] as const)
        const sampling = { temperature, seed: 3, logitBias }
        const tokens = await write(unsure, prompts[0]!, { ...mode, sampling, maxTokens: 20 })
        expect(tokens.filter((token) => banned.has(token))).toEqual([])
        expect(tokens.length).toBeGreaterThan(0)
        for (const token of tokens) banned.add(token)
      }
    }
  })

  it.each(modes.slice(0, -1))(
    '%j, a token with a large bias is written, though it has no symbol',
    async (mode) => {
      const sampling: Sampling = { temperature: 0, seed: 0, logitBias: [[3_500, 90]] }
      expect(await write(unsure, prompts[0]!, { ...mode, sampling, maxTokens: 3 })).toEqual([
        3_500, 3_500, 3_500,
      ])
    },
  )

  it('a bias of a token that the model lacks is refused', async () => {
    const sampling: Sampling = { temperature: 0, seed: 0, logitBias: [[4_096, 1]] }
    await expect(write(sure, prompts[0]!, { sampling })).rejects.toThrow(
      'names token 4096; the model has 4096',
    )
  })
})
