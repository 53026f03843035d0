import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { stories } from '../../resources/stories/stories.ts'
import { CancelledError } from '../base/errors.ts'
import { createBaseDistribution } from '../models/base-distribution.ts'
import { openBaseModel, openModelTokenizer } from '../models/base-model.ts'
import { openHeadRows } from '../models/head-rows.ts'
import { modelFolder, sampleModelName } from '../models/model-folder.ts'
import { createWindowSession } from '../models/trunk-session.ts'
import { parametersOf, type TrainerState } from '../runtime/trainer/index.ts'
import { alphabetSize, parseAlphabet, withTokenSymbols } from '../spelling/alphabet.ts'
import { buildSpeller, firstSymbolsOf } from '../spelling/speller.ts'
import { tailShape } from '../spellm/tail-session.ts'
import { collectTokens } from './corpus.ts'
import { distillSymbols } from './distill-symbols.ts'
import { vocabularyGroups } from './position-targets.ts'
import { fillTargets, readTargets } from './target-cache.ts'
import { fillTeacherCache, planTeacherCache, readChunk } from './teacher-cache.ts'
import { mostWanted, tokenUsage } from './token-usage.ts'

const base = await openBaseModel(modelFolder(sampleModelName))
const tokenizer = await openModelTokenizer(base)
const { hiddenSize, vocabularySize } = base.architecture
const openBase = () => createBaseDistribution(base, tokenizer.vocabularySize)
const rows = openHeadRows(base)

let folder = ''
let usage: Float64Array = new Float64Array(0)
const cacheIn = (name: string) =>
  planTeacherCache(join(folder, name), { batch: 2, tokens: 64, hiddenSize }, 32)
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spellm-symbols-'))
  const cache = cacheIn('cache')
  const length = cache.chunks * cache.positionsPerChunk
  const ids = await collectTokens(stories(5), tokenizer, base.architecture, {
    limit: length,
    minimum: length,
    windowTokens: 64,
  })
  await fillTeacherCache(cache, ids, (batch) => createWindowSession(base, { batch, tokens: 64 }))
  const distribution = await openBase()
  usage = await tokenUsage(cache, distribution)
  await distribution.release()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function prepared() {
  const alphabet = withTokenSymbols(parseAlphabet('ascii', tokenizer.entries), mostWanted(usage, 256))
  const speller = buildSpeller(tokenizer.entries, alphabet, 6)
  const { firstSymbol } = firstSymbolsOf(speller)
  const groups = vocabularyGroups({ firstSymbol }, alphabetSize(alphabet))
  const targets = { cache: cacheIn('cache'), groups, settings: { objective: 'soft', seed: 1 } } as const
  return { speller, targets, shape: tailShape(hiddenSize, [64], speller) }
}

it('finds the tokens that the base model wants: its probabilities add up to one at each position', () => {
  expect(usage).toHaveLength(vocabularySize)
  const total = usage.reduce((sum, count) => sum + count, 0)
  expect(total / Math.round(total)).toBeCloseTo(1, 4)
  const [most, second] = mostWanted(usage, 2)
  expect(usage[most!]).toBe(Math.max(...usage))
  expect(usage[second!]).toBeLessThanOrEqual(usage[most!]!)
})

it('computes targets once, resumes after a stop, and recomputes them for other symbols', async () => {
  const { targets } = prepared()
  const stop = new AbortController()
  const stopped = fillTargets(targets, openBase, {
    signal: stop.signal,
    onProgress: (done) => {
      if (done > targets.cache.positionsPerChunk) stop.abort()
    },
  })
  await expect(stopped).rejects.toThrow(CancelledError)
  const first = await readTargets(targets, 0)
  let opened = 0
  const open = () => (opened++, openBase())
  await fillTargets(targets, open)
  expect(await readTargets(targets, 0)).toEqual(first)
  await fillTargets(targets, open)
  expect(opened).toBe(1)
  await fillTargets({ ...targets, settings: { objective: 'hard', seed: 1 } }, open)
  expect(opened).toBe(2)

  // Where the choice is a token symbol, the hard target has nothing to spell.
  const { choices } = await readChunk(targets.cache, 0)
  const hard = await readTargets(targets, 0)
  const size = targets.groups.groups
  choices.forEach((choice, position) => {
    const masses = hard.first.subarray(position * size, (position + 1) * size)
    expect(masses.some((mass) => mass > 0)).toBe(targets.groups.groupOf[choice]! >= 0)
  })
})

it('learns the base model’s distribution, to the same weights after a stop', async () => {
  const { speller, targets, shape } = prepared()
  await fillTargets(targets, openBase)
  const settings = {
    batchTokens: 256,
    epochs: 6,
    seed: 3,
    peakLearningRates: { adapter: 3e-3, heads: 4e-3 },
    warmUp: 0.05,
    weightDecay: 0,
  }
  const divergences: number[] = []
  let halfway: TrainerState | null = null
  const learn = (from?: TrainerState) =>
    distillSymbols({ shape, speller }, targets, { rows, usage }, settings, {
      device: 'cpu',
      ...(from ? { from } : {}),
      onStep: async ({ step, divergence, headAccuracy }, state) => {
        expect(headAccuracy).toHaveLength(shape.k)
        if (from) return
        divergences.push(divergence)
        if (step === 20) halfway = await state()
      },
    })
  const whole = parametersOf(await learn())
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  expect(Math.min(...divergences)).toBeGreaterThan(-1e-3)
  expect(mean(divergences.slice(-8))).toBeLessThan(0.7 * mean(divergences.slice(0, 4)))
  for (const [name, values] of parametersOf(await learn(halfway!)))
    values.forEach((value, i) => expect(Math.abs(value - whole.get(name)![i]!)).toBeLessThan(1e-6))
})
