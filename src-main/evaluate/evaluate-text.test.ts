import { readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openSpellm, type Spellm } from '../decode/spellm.ts'
import { writeRecitingModel, writeRecitingSpellm } from '../decode/testing/reciting-model.ts'
import { CancelledError } from '../errors.ts'
import { evaluateText } from './evaluate-text.ts'
import { clusteredShare } from './mode-agreement.ts'

const text = 'Once upon a time, two bears lived near the old mill.'
const window = 32
/** Eight windows at once, eight times. */
const chunk = 8 * 8 * window

let scratch = ''
/** Spells what its base model says. */
let faithful: Spellm
/** Spells everything but one word. */
let mistaken: Spellm
let script: number[] = []
const unknownWord = ' bears'
/** Where a system looks for its folder of temporary files. */
const folderVariables = ['TMPDIR', 'TEMP', 'TMP']

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-evaluate-'))
  // Where evaluation makes its own folder.
  for (const name of folderVariables) vi.stubEnv(name, scratch)
  const base = join(scratch, 'base')
  script = await writeRecitingModel(base, text, { contextLength: window })
  await writeRecitingSpellm(join(scratch, 'faithful'), base, script)
  faithful = await openSpellm(join(scratch, 'faithful'))
  const [misspelled] = faithful.tokenizer.encode(unknownWord)
  await writeRecitingSpellm(join(scratch, 'mistaken'), base, script, { misspelled: misspelled! })
  mistaken = await openSpellm(join(scratch, 'mistaken'))
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(scratch, { recursive: true, force: true })
})

const copies = (count: number) => new Array<string>(count).fill(text)

describe('the agreement on a text', () => {
  it('is 1 where the SpeLLM always picks what its base model picks', async () => {
    const { agreement, perplexity } = await evaluateText(faithful, copies(1_000), { positions: 100 })
    const always = { value: 1, low: 1, high: 1 }
    expect(agreement).toEqual({
      trie: always,
      free: always,
      shortlist: { ...always, candidates: 8 },
      // It was not calibrated.
      gated: null,
      positions: chunk,
    })
    // Its unit vectors of length 8 give the right token e⁸ times the weight of each of the other 4,095.
    expect(perplexity.perplexity).toBeCloseTo((Math.exp(8) + 4095) / Math.exp(8), 3)
  })

  it('is the share of positions where it does', async () => {
    const before = script.indexOf(faithful.tokenizer.encode(unknownWord)[0]!) - 1
    // Each window is the text over and over, with its end token: how often is the word next?
    const missed = Array.from({ length: 2 * chunk }, (_, i) => (i % window) % script.length).filter(
      (i) => i === before,
    )
    const share = 1 - missed.length / (2 * chunk)
    const { agreement } = await evaluateText(mistaken, copies(1_000), { positions: chunk + 1 })
    expect(agreement.positions).toBe(2 * chunk)
    expect(agreement.trie.value).toBeCloseTo(share, 10)
    expect(agreement.free.value).toBeCloseTo(share, 10)
    // Every window is the same text.
    expect(agreement.trie.low).toBeCloseTo(share, 10)
    expect(agreement.trie.high).toBeCloseTo(share, 10)
  })

  it('is taken as far as the text goes', async () => {
    const count = Math.ceil((1.5 * chunk) / script.length)
    const { agreement } = await evaluateText(faithful, copies(count), { positions: 100_000 })
    expect(agreement.positions).toBe(chunk)
  })

  it('needs text for one chunk', async () => {
    await expect(evaluateText(faithful, copies(2), { positions: 1 })).rejects.toMatchObject({
      code: 'text-invalid',
      message: expect.stringContaining(`at least ${chunk} are needed`) as string,
    })
  })
})

describe('an evaluation', () => {
  it('says how far it is', async () => {
    const progress: [number, number][] = []
    await evaluateText(faithful, copies(1_000), {
      positions: 2 * chunk,
      onProgress: (done, total) => progress.push([done, total]),
    })
    expect(progress.map(([, total]) => total)).toEqual(new Array(16).fill(2 * chunk))
    expect(progress.map(([done]) => done)).toEqual(Array.from({ length: 16 }, (_, i) => (i + 1) * 8 * 32))
  })

  it.each([
    ['while the teacher reads', chunk / 2],
    ['while the SpeLLM is measured', chunk],
    ['never', Infinity],
  ])('that is stopped %s leaves nothing on the disk', async (_, after) => {
    const caches = () => readdirSync(scratch).filter((name) => name.startsWith('spellm-eval-')).length
    const controller = new AbortController()
    let onDisk = 0
    const evaluation = evaluateText(faithful, copies(1_000), {
      positions: chunk,
      onProgress: (done) => {
        onDisk = caches()
        if (done >= after) controller.abort()
      },
      signal: controller.signal,
    })
    if (after < Infinity) await expect(evaluation).rejects.toThrow(CancelledError)
    else await evaluation
    expect(onDisk).toBe(1)
    expect(caches()).toBe(0)
  })

  it('says so where it can make no folder', async () => {
    const missing = join(scratch, 'missing')
    for (const name of folderVariables) vi.stubEnv(name, missing)
    await expect(evaluateText(faithful, copies(1_000), { positions: 1 })).rejects.toMatchObject({
      code: 'file-not-found',
      message: expect.stringContaining(missing) as string,
    })
    for (const name of folderVariables) vi.stubEnv(name, scratch)
  })
})

it('an interval counts windows, not positions', () => {
  // Shares 1, 0.5, 0.9, 0.6 of four windows: mean 0.75, s² = 0.17 / 3, standard error √(0.17 / 12) = 0.119024.
  const { value, low, high } = clusteredShare([10, 5, 9, 6], 40, 10)
  expect(value).toBe(0.75)
  expect(low).toBeCloseTo(0.75 - 1.96 * 0.119024, 5)
  expect(high).toBeCloseTo(0.75 + 1.96 * 0.119024, 5)
  expect(clusteredShare([7], 10, 10)).toEqual({ value: 0.7, low: 0, high: 1 })
})
