import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stories } from '../../resources/stories/stories.ts'
import { hashBaseModel, openSpellm, saveSpellm, type Spellm } from '../spellm/spellm.ts'
import { tailShape } from '../spellm/tail-session.ts'
import { writeRecitingModel, writeRecitingSpellm } from '../decode/testing/reciting-model.ts'
import { initialTail } from '../distill/distill.ts'
import { CancelledError } from '../base/errors.ts'
import { openBaseModel, openModelTokenizer } from '../models/base-model.ts'
import { modelFolder, sampleModelName } from '../models/model-folder.ts'
import type { Precision } from '../models/precision.ts'
import { seededRandom } from '../base/random.ts'
import { parseAlphabet } from '../spelling/alphabet.ts'
import { buildSpeller } from '../spelling/speller.ts'
import { clusteredMean, clusteredShare } from './clustered-share.ts'
import { evaluateText } from './evaluate-text.ts'

const text = 'Once upon a time, two bears lived near the old mill.'
const window = 32

let scratch = ''
/** Spells what its base model says. */
let faithful: Spellm
/** Spells everything but one word. */
let mistaken: Spellm
let script: number[] = []
const unknownWord = ' bears'

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-evaluate-'))
  const base = join(scratch, 'base')
  script = await writeRecitingModel(base, text, { contextLength: window })
  await writeRecitingSpellm(join(scratch, 'faithful'), base, script)
  faithful = await openSpellm(join(scratch, 'faithful'))
  const [misspelled] = faithful.tokenizer.encode(unknownWord)
  await writeRecitingSpellm(join(scratch, 'mistaken'), base, script, { misspelled: misspelled! })
  mistaken = await openSpellm(join(scratch, 'mistaken'))
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

const copies = (count: number) => new Array<string>(count).fill(text)

describe('the evaluation of a text', () => {
  it('finds full agreement where the SpeLLM always picks what its base model picks', async () => {
    const { agreement, perplexity, gatedBaseShare, candidates, differences } = await evaluateText(
      faithful,
      copies(1_000),
      { positions: 600 },
    )
    const always = { value: 1, low: 1, high: 1 }
    // It was not calibrated, so there is no gated mode.
    expect(agreement.agreement).toEqual({ trie: always, free: always })
    expect([candidates, gatedBaseShare]).toEqual([8, null])
    expect(agreement.positions).toBe(19 * window)
    expect(Object.values(differences).flat()).toEqual([])
    // Its unit vectors of length 8 give the right token e⁸ times the weight of each of the other 4,095.
    expect(perplexity.perplexity.value).toBeCloseTo((Math.exp(8) + 4095) / Math.exp(8), 3)
    expect(perplexity.tokens).toBe(19 * (window - 1))
  })

  it('finds what quantising costs the base model', async () => {
    const folder = join(scratch, 'sample')
    const base = await openBaseModel(modelFolder(sampleModelName))
    const { entries } = await openModelTokenizer(base)
    const speller = buildSpeller(entries, parseAlphabet('ascii', entries), 6)
    const { hiddenSize } = base.architecture
    const weights = initialTail(tailShape(hiddenSize, [16], speller), 3)
    const reference = { path: sampleModelName, sha256: await hashBaseModel(base) }
    const tail = {
      speller,
      adapterWidths: [16],
      weights,
      gates: [],
      precision: 'stored',
      hiddenSize,
    } as const
    await saveSpellm(folder, reference, tail)

    const evaluate = async (precision: Precision) => {
      const spellm = await openSpellm(folder, { precision, quantization: { folder: scratch } })
      return evaluateText(spellm, stories(5), { positions: 2_048, modes: ['trie'] })
    }
    const stored = await evaluate('stored')
    const int4 = await evaluate('int4')
    expect(stored.storedPerplexity).toBeNull()
    expect(int4.storedPerplexity).toEqual(stored.perplexity)
    const cost = int4.perplexity.perplexity.value / stored.perplexity.perplexity.value
    expect(cost).toBeGreaterThan(1)
    expect(cost).toBeLessThan(1.05)
  })

  it('finds how often they differ, where, and on which kinds of tokens', async () => {
    const [word] = mistaken.tokenizer.encode(unknownWord)
    const before = script.indexOf(word!) - 1
    // Each window is the text over and over, with its end token: how often is the word next?
    const positions = 20 * window
    const missed = Array.from({ length: positions }, (_, i) => (i % window) % script.length).filter(
      (i) => i === before,
    )
    const { agreement, differences } = await evaluateText(mistaken, copies(1_000), { positions })
    expect(agreement.positions).toBe(positions)
    const { trie, free } = agreement.agreement
    expect(trie!.value).toBeCloseTo(1 - missed.length / positions, 10)
    expect(free!.value).toBeCloseTo(1 - missed.length / positions, 10)
    // Every window is the same text.
    expect(trie!.low).toBeCloseTo(trie!.value, 10)
    expect(trie!.high).toBeCloseTo(trie!.value, 10)

    for (const { expected, context, baseLead } of differences.trie!) {
      expect(expected).toBe('" be"')
      expect(context.endsWith(' two')).toBe(true)
      expect(baseLead).toBeCloseTo(8, 3)
    }
    const rows = (kinds: 'status' | 'frequency' | 'script') =>
      Object.fromEntries(agreement.kinds[kinds].map((row) => [row.kind, row.positions]))
    const sum = (counts: Record<string, number>) => Object.values(counts).reduce((a, b) => a + b, 0)
    for (const kinds of ['status', 'frequency', 'script'] as const) expect(sum(rows(kinds))).toBe(positions)
    const { script: scripts } = agreement.kinds
    expect(Object.keys(rows('script'))).toEqual(['Latin', 'punctuation and space', 'other'])
    expect(scripts.map((row) => row.agreement.trie!.value < 1)).toEqual([true, false, false])
  })

  it('measures the modes that are asked for', async () => {
    const { agreement, candidates } = await evaluateText(faithful, copies(100), {
      positions: 1,
      modes: ['free'],
    })
    expect(Object.keys(agreement.agreement)).toEqual(['free'])
    expect(candidates).toBeNull()
    await expect(
      evaluateText(faithful, copies(100), { positions: 1, modes: ['gated'] }),
    ).rejects.toMatchObject({
      code: 'setting-invalid',
    })
  })

  it('goes as far as the text does, with a window that is not full at its end', async () => {
    const count = Math.ceil(530 / script.length)
    const { agreement, perplexity } = await evaluateText(faithful, copies(count), { positions: 100_000 })
    expect(agreement.positions).toBeGreaterThanOrEqual(512)
    expect(agreement.positions % window).toBeGreaterThan(0)
    expect(perplexity.tokens).toBe(agreement.positions - Math.ceil(agreement.positions / window))
  })

  it('needs 512 tokens', async () => {
    await expect(evaluateText(faithful, copies(2), { positions: 1 })).rejects.toMatchObject({
      code: 'text-invalid',
      message: expect.stringContaining('at least 512 are needed') as string,
    })
  })

  it('says how far it is', async () => {
    const progress: [number, number][] = []
    await evaluateText(faithful, copies(1_000), {
      positions: 600,
      onProgress: (done, total) => progress.push([done, total]),
    })
    expect(progress).toEqual(Array.from({ length: 19 }, (_, i) => [i + 1, 19]))
  })

  it('can be stopped', async () => {
    const controller = new AbortController()
    let windows = 0
    const evaluation = evaluateText(faithful, copies(1_000), {
      positions: 6_000,
      onProgress: () => {
        if (++windows === 3) controller.abort()
      },
      signal: controller.signal,
    })
    await expect(evaluation).rejects.toThrow(CancelledError)
    expect(windows).toBe(3)
  })
})

describe('an interval', () => {
  it('counts windows, not positions', () => {
    // Shares 1, 0.5, 0.9, 0.6 of four windows of 10: mean 0.75, s² = 0.17 / 3, standard error √(0.17 / 12) = 0.119024.
    const { value, low, high } = clusteredShare([10, 5, 9, 6].map((sum) => ({ sum, count: 10 })))
    expect(value).toBe(0.75)
    expect(low).toBeCloseTo(0.75 - 1.96 * 0.119024, 5)
    expect(high).toBeCloseTo(0.75 + 1.96 * 0.119024, 5)
  })

  it('weighs windows by their length', () => {
    // r = 12 / 20 = 0.6; residuals 3 − 3, 8 − 6, 1 − 3 → 8; variance 3 / 2 · 8 / 20² = 0.03.
    const clusters = [
      { sum: 3, count: 5 },
      { sum: 8, count: 10 },
      { sum: 1, count: 5 },
      { sum: 0, count: 0 },
    ]
    const { value, high } = clusteredMean(clusters)
    expect(value).toBeCloseTo(0.6, 12)
    expect(high).toBeCloseTo(0.6 + 1.96 * Math.sqrt(0.03), 10)
  })

  it('of a single window holds everything', () => {
    expect(clusteredShare([{ sum: 7, count: 10 }])).toEqual({ value: 0.7, low: 0, high: 1 })
  })

  it('of independent observations holds the truth 95 times in 100, also where those of a window are alike', () => {
    const random = seededRandom(1)
    let covered = 0
    for (let trial = 0; trial < 1_000; trial++) {
      const clusters = Array.from({ length: 60 }, () => {
        const count = 5 + random.below(40)
        const share = random.uniform() ** 0.25
        const hits = Array.from({ length: count }, () => (random.chance(share) ? 1 : 0))
        return { sum: hits.reduce<number>((a, b) => a + b, 0), count }
      })
      const { low, high } = clusteredShare(clusters)
      // The mean of u^(1/4).
      if (low <= 0.8 && 0.8 <= high) covered++
    }
    expect(covered / 1_000).toBeGreaterThan(0.92)
    expect(covered / 1_000).toBeLessThan(0.975)
  })
})
