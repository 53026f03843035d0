import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createBaseHead } from '../decode/chooser.ts'
import { openTextGenerator } from '../decode/text-generator.ts'
import { sampleText, type SelfSamplingOptions } from '../distill/self-sampling.ts'
import { readChunk } from '../distill/teacher-cache.ts'
import { CancelledError } from '../base/errors.ts'
import { openBaseModel, type BaseModel } from '../models/base-model.ts'
import { createTrunkSession } from '../models/trunk-session.ts'
import { runStatus } from '../runs/index.ts'
import { convert, resumeConversion } from './convert.ts'
import type { ConversionEvent } from './events.ts'
import { parseConversionSettings } from './settings.ts'
import { writeShortModel } from '../engine/testing/short-model.ts'
import { readDoubts } from '../spellm/doubts.ts'
import { doubtsFile } from '../spellm/spellm.ts'

const small = { tokens: 1_000, k: 6, adapterWidths: [16], batchTokens: 256, epochs: 1, seed: 11 }
const sequencesAtOnce = 32

let scratch = ''
let folder = ''
let base: BaseModel
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-self-written-'))
  folder = join(scratch, 'model')
  await writeShortModel(folder)
  base = await openBaseModel(folder)
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

const sample = (options: Partial<SelfSamplingOptions>) =>
  sampleText(base, {
    tokens: 500,
    sequenceLength: 16,
    validTokens: base.architecture.vocabularySize,
    seed: 1,
    ...options,
  })

describe('text that a model writes itself', () => {
  it('is the same with the same seed, and another with another', async () => {
    const text = await sample({ seed: 1 })
    expect(await sample({ seed: 1 })).toEqual(text)
    expect(await sample({ seed: 2 })).not.toEqual(text)
  })

  it('is whole sequences, each from the begin token on, and none like another', async () => {
    const text = await sample({ tokens: 513 })
    expect(text).toHaveLength(2 * sequencesAtOnce * 16)
    const sequences = Array.from({ length: text.length / 16 }, (_, i) => text.slice(16 * i, 16 * (i + 1)))
    expect(sequences.every(([first]) => first === base.architecture.beginToken)).toBe(true)
    expect(new Set(sequences.map((sequence) => sequence.join())).size).toBeGreaterThan(50)
  })

  it('has no token that the tokenizer doesn’t know: a head may have more rows', async () => {
    const text = await sample({ tokens: 2_000 })
    const known = 300
    expect(text.some((token) => token >= known)).toBe(true)
    const begin = base.architecture.beginToken
    for (const token of await sample({ tokens: 2_000, validTokens: known }))
      if (token !== begin) expect(token).toBeLessThan(known)
  })

  it('is drawn from the model’s own distribution', async () => {
    const length = 24
    const text = await sample({ tokens: sequencesAtOnce * length, sequenceLength: length })
    const trunk = await createTrunkSession(base)
    const head = await createBaseHead(base)
    const { hiddenSize: d, vocabularySize } = base.architecture
    let surprise = 0
    let entropy = 0
    let chance = 0
    let count = 0
    for (let start = 0; start < text.length; start += length) {
      const hidden = await trunk.forward(text.slice(start, start + length), trunk.createCache())
      for (let i = 0; i + 1 < length; i++) {
        const logits = await head.logits(hidden.slice(i * d, (i + 1) * d))
        const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0))
        entropy -= logits.reduce((sum, logit) => sum + Math.exp(logit - total) * (logit - total), 0)
        surprise -= logits[text[start + i + 1]!]! - total
        chance += Math.log(vocabularySize)
        count++
      }
    }
    await trunk.release()
    await head.release()
    // What a distribution's own samples cost on average is its entropy, here with a standard error near 0.08.
    expect(Math.abs(surprise - entropy) / count).toBeLessThan(0.35)
    expect(entropy).toBeLessThan(chance / 2)
  })
})

describe('a conversion without text, of another model than the sample', () => {
  it('stores what the model writes with the run, and learns from it', async () => {
    const run = join(scratch, 'run')
    const events: ConversionEvent[] = []
    const settings = parseConversionSettings({ base: folder, ...small, keepCache: true })
    const result = await convert(run, settings, { onEvent: (event) => events.push(event) })

    expect(result.agreement.positions).toBeGreaterThan(5_000)
    for (const share of [result.agreement.trie, result.agreement.free]) {
      expect(share).toBeGreaterThan(0)
      expect(share).toBeLessThanOrEqual(1)
    }
    // Two rounds of 8 sequences of 64 tokens, which the context has room for.
    expect(result).toMatchObject({ tokens: 1_024, steps: 4, k: 6 })
    expect(result.verdict).toMatchObject({ mode: 'lossless', sameText: true })
    expect(await runStatus(run)).toBe('finished')
    expect(events).toContainEqual({
      type: 'notice',
      message: 'No text was given: the base model writes it itself.',
    })

    const sequences = 8
    const tokens = 64
    const cache = (name: string) => ({
      folder: join(run, 'cache', name),
      shape: { batch: sequences / 8, tokens, hiddenSize: base.architecture.hiddenSize },
      chunks: 2,
      positionsPerChunk: sequences * tokens,
    })
    const written = await readChunk(cache('training'), 0)
    const begin = base.architecture.beginToken!
    for (let start = 0; start < sequences * tokens; start += tokens) expect(written.ids![start]).toBe(begin)
    // What it is measured on is another text, and the base model's own choice after each token of an answer.
    const plan = JSON.parse(await readFile(join(run, 'own-text.json'), 'utf8')) as {
      answers: { sequences: number; tokens: number }
    }
    const rounds = plan.answers
    const heldOut = {
      ...cache('held-out'),
      shape: { ...cache('held-out').shape, batch: rounds.sequences / 8 },
      positionsPerChunk: rounds.sequences * tokens,
    }
    const answers = await readChunk(heldOut, 0)
    expect(answers.ids).not.toEqual(written.ids)
    for (let at = 0; at + 1 < tokens; at++)
      if (answers.inAnswer![at] && answers.starts![at + 1] === answers.starts![at])
        expect(answers.ids![at + 1]).toBe(answers.choices[at])

    // Draws are looked at along what was learnt from, at each position of an answer.
    const { drawn, doubts } = await readDoubts(join(run, 'spellm', doubtsFile))
    const lengths = written.starts!.reduce<number[]>((found, start, at) => {
      const isIn = written.inAnswer![at] === 1
      if (isIn && (at === 0 || start === at || written.inAnswer![at - 1] === 0)) found.push(0)
      if (isIn) found[found.length - 1]!++
      return found
    }, [])
    expect([...drawn!.lengths]).toEqual(lengths)
    expect(drawn!.doubts.every((doubt) => doubt < Infinity)).toBe(true)
    expect(doubts.length).toBe(result.agreement.positions)

    const generator = await openTextGenerator(run)
    expect(generator.base.folder).toBe(folder)
    // So drawn texts have a plan, too; colder ones doubt less, and nobody knows how much.
    const draw = { temperature: 0.7, topP: 0.9, seed: 1 }
    expect((await generator.losslessPlan(draw, 10))!.speedup).toBeGreaterThan(0)
    expect(await generator.losslessPlan({ ...draw, temperature: 0.3 }, 10)).toBeNull()
    for (const fewer of [{ topP: 0.5 }, { topK: 5 }, { minP: 0.2 }])
      expect(await generator.losslessPlan({ ...draw, ...fewer }, 10)).toBeNull()
    await generator.release()
  }, 300_000)

  it('can be stopped while the model writes, and is not refused afterwards', async () => {
    const run = join(scratch, 'stopped')
    const controller = new AbortController()
    const onEvent = (event: ConversionEvent) => {
      if (event.type === 'progress' && event.done > 100) controller.abort()
    }
    const options = { onEvent, signal: controller.signal }
    await expect(convert(run, parseConversionSettings({ base: folder, ...small }), options)).rejects.toThrow(
      CancelledError,
    )
    expect(await runStatus(run)).toBe('paused')
    expect(await readdir(join(run, 'cache', 'training'))).toEqual([])
    await expect(resumeConversion(run, options)).rejects.toThrow(CancelledError)
  })

  it('needs a token that a text can begin with', async () => {
    const silent = join(scratch, 'silent')
    await writeShortModel(silent, { bos_token_id: null, eos_token_id: null })
    const run = join(scratch, 'silent-run')
    const settings = parseConversionSettings({ base: silent, ...small })
    await expect(convert(run, settings, { onEvent: () => undefined })).rejects.toMatchObject({
      code: 'model-unsupported',
      message: expect.stringMatching(/bos_token_id/) as string,
      remedy: expect.stringContaining('Give a text') as string,
    })
    expect(await readdir(scratch)).not.toContain('silent-run')
  })
})
