import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeSymbolSpellm } from '../decode/testing/symbol-spellm.ts'
import { openTextGenerator, type GenerationMode, type TextGenerator } from '../decode/text-generator.ts'
import { CancelledError } from '../base/errors.ts'
import { summariseTexts, writeInTurns, type WrittenText } from './written-texts.ts'

const text = (change: Partial<WrittenText>): WrittenText => ({
  tokens: [1, 2, 3, 4, 5],
  steps: 4,
  milliseconds: 40,
  trunkPasses: 4,
  headPasses: 4,
  headRows: 4,
  isBaseAlone: false,
  ...change,
})
const pair = (base: Partial<WrittenText>, lossless: Partial<WrittenText>) =>
  new Map<GenerationMode, WrittenText>([
    ['base', text(base)],
    ['lossless', text(lossless)],
  ])

describe('what written texts come to', () => {
  it('is the median of the ratios after the same prompt, and passes over all tokens', () => {
    const [base, lossless] = summariseTexts(
      [
        // 10 ms beside 8, 20 beside 10, 30 beside 40.
        pair({}, { milliseconds: 32, trunkPasses: 5, headPasses: 1, headRows: 5 }),
        pair({ milliseconds: 80 }, { milliseconds: 40, trunkPasses: 5, headPasses: 2, headRows: 5 }),
        pair({ milliseconds: 120 }, { milliseconds: 160, tokens: [1, 2, 3, 4, 6], isBaseAlone: true }),
      ],
      ['base', 'lossless'],
    )
    expect(base).toMatchObject({ msPerToken: 20, speedup: 1, speedupQuartiles: [1, 1], speedupError: 0 })
    expect(base).toMatchObject({ texts: 3, tokens: 15, identicalTexts: 3, rows: 1, baseAlone: 0 })
    expect(lossless).toMatchObject({ msPerToken: 10, speedup: 1.25, speedupQuartiles: [1, 1.625] })
    expect(lossless).toMatchObject({
      identicalTexts: 2,
      baseAlone: 1,
      trunkPasses: 14 / 12,
      headPasses: 7 / 12,
    })
    expect(lossless!.rows).toBe(2)
  })

  it('leaves out texts of one token, which say nothing of time', () => {
    const single = { tokens: [7], steps: 0, milliseconds: 0, trunkPasses: 0, headPasses: 0, headRows: 0 }
    const modes = ['base', 'lossless'] as const
    expect(summariseTexts([pair(single, single)], modes)[1]).toMatchObject({
      msPerToken: null,
      speedup: null,
      speedupQuartiles: null,
      identicalTexts: 1,
      rows: 0,
    })
    expect(summariseTexts([pair(single, single), pair({}, { milliseconds: 20 })], modes)[1]).toMatchObject({
      speedup: 2,
      texts: 2,
    })
  })
})

describe('texts that modes write in turns', () => {
  let scratch = ''
  let generator: TextGenerator
  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'spellm-written-'))
    await writeSymbolSpellm(scratch)
    generator = await openTextGenerator(scratch)
  })
  afterAll(async () => {
    await generator.release()
    await rm(scratch, { recursive: true, force: true })
  })

  it.each([
    { picked: 'greedily', sampling: null },
    { picked: 'by chance', sampling: { temperature: 0.8, topP: 0.9, seed: 3 } },
  ])(
    'are those of a conversation of their own, picked $picked, in an order that turns round',
    async ({ sampling }) => {
      const modes = ['base', 'lossless', 'trie'] as const
      const prompts = ['The old bear', 'One day, a small frog'].map((prompt) =>
        generator.promptTokens(prompt),
      )
      const order: GenerationMode[] = []
      const watched: TextGenerator = {
        ...generator,
        write: (prompt, kvContext, options) => {
          order.push(options.mode)
          return generator.write(prompt, kvContext, options)
        },
      }
      const texts = await writeInTurns(watched, prompts, { modes, sampling, maxTokens: 30 })
      // The first three only warm up.
      expect(order.slice(3)).toEqual([...modes, 'trie', 'lossless', 'base'])
      for (const [i, prompt] of prompts.entries())
        for (const mode of modes) {
          const expected: number[] = []
          const options = { mode, sampling, maxTokens: 30, stop: [] }
          for await (const { token } of generator.write(prompt, generator.createKvContext(), options))
            if (token !== null) expected.push(token)
          expect(texts[i]!.get(mode)!.tokens).toEqual(expected)
        }
      const [base, lossless] = summariseTexts(texts, modes)
      // After the first token, each takes the base model one pass of both.
      expect(base).toMatchObject({ trunkPasses: 1, headPasses: 1, rows: 1, texts: 2 })
      expect(lossless).toMatchObject({ identicalTexts: 2, texts: 2 })
      expect(base!.msPerToken).toBeGreaterThan(0)
    },
  )

  it('end when they are cancelled', async () => {
    const controller = new AbortController()
    const options = {
      modes: ['base'] as const,
      sampling: null,
      maxTokens: 20,
      signal: controller.signal,
      onText: () => controller.abort(),
    }
    const prompts = [generator.promptTokens('A'), generator.promptTokens('B')]
    await expect(writeInTurns(generator, prompts, options)).rejects.toBeInstanceOf(CancelledError)
  })
})
