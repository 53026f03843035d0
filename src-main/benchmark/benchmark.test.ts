import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeSymbolSpellm } from '../decode/testing/symbol-spellm.ts'
import { CancelledError } from '../base/errors.ts'
import { openSafetensors } from '../formats/safetensors.ts'
import { openBaseModel, openModelTokenizer } from '../models/base-model.ts'
import { modelFolder, sampleModelName } from '../models/model-folder.ts'
import { withPrecision } from '../models/precision.ts'
import { openBenchmarkModel, untrainedModel, type BenchmarkModel } from './benchmark-model.ts'
import { runBenchmark } from './benchmark.ts'
import { benchmarkPlot } from './plot.ts'
import { benchmarkNotes, benchmarkTable } from './report.ts'
import type { Peer } from './token-parts.ts'
import { weightBytes } from './weight-bytes.ts'
import { decodeModes } from '../spellm/decode-modes.ts'

let scratch = ''
let model: BenchmarkModel
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-benchmark-'))
  model = await openBenchmarkModel(sampleModelName, {})
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

const options = { steps: 5, modes: decodeModes, candidates: 8 }

it('sees the keys and values of a longer context, and tells how far it is', async () => {
  const told: number[] = []
  const { contexts, text } = await runBenchmark(model, {
    ...options,
    contexts: [100, 300],
    onProgress: (done, total) => told.push(done / total),
  })
  // Six layers of keys and values: four heads of 64 floats each, with room for up to 64 tokens more.
  const { layers, attention } = model.base.architecture
  const token = 2 * layers.length * attention.keyValueHeads * attention.headSize * 4
  expect(contexts.map(({ keyValueBytes }) => Math.floor(keyValueBytes / token))).toEqual([128, 320])
  expect(told.at(-1)).toBe(1)
  expect(told).toEqual(told.toSorted((a, b) => a - b))
  // An untrained tail drafts nothing that stands.
  expect(text).toBeNull()
})

it('says how fast each mode is beside the base model, of parts as well', async () => {
  const { modes, contexts } = await runBenchmark(model, { ...options, contexts: [20, 40] })
  const costs = contexts[0]!.modes
  expect(modes.map(({ mode }) => mode)).toEqual(['base', 'gated', 'trie', 'free'])
  for (const [i, { msPerToken, speedup }] of modes.entries()) {
    expect(msPerToken).toBe(costs[i]!.milliseconds)
    expect(speedup! * msPerToken!).toBeCloseTo(costs[0]!.milliseconds, 9)
  }
})

describe('a SpeLLM with token symbols', () => {
  let spellm: BenchmarkModel
  beforeAll(async () => {
    const folder = join(scratch, 'symbols')
    await writeSymbolSpellm(folder)
    spellm = await openBenchmarkModel(folder, {})
  })

  it('is timed while it writes, at each context', async () => {
    const told: number[] = []
    const peer: Peer = {
      name: 'other',
      prepare: () => Promise.resolve(),
      step: () => new Promise((resolve) => setTimeout(resolve, 2)),
    }
    const found = await runBenchmark(spellm, {
      ...options,
      steps: 12,
      texts: 2,
      contexts: [40, 120],
      peer,
      onProgress: (done, total) => told.push(done / total),
    })
    expect(found).toMatchObject({ isTrained: true, contexts: [], text: null })
    const { prompts, contexts } = found.written!
    expect(prompts).toBe('document')
    expect(contexts.map(({ context }) => context)).toEqual([40, 120])
    expect(contexts[1]!.promptTokens).toBeGreaterThan(100)
    for (const { modes, plan, peer } of contexts) {
      expect(modes.map(({ mode }) => mode)).toEqual(['base', ...decodeModes])
      expect(modes[1]).toMatchObject({ mode: 'lossless', texts: 2, identicalTexts: 2 })
      expect(plan!.lossless).toBeGreaterThan(0)
      expect(peer!.milliseconds).toBeGreaterThan(1)
    }
    expect(found.modes[0]).toMatchObject({ mode: 'base', speedup: 1 })
    expect(found.modes[1]).toEqual({ ...contexts[0]!.modes[1], plan: contexts[0]!.plan })
    expect(found.modes[2]).toEqual(contexts[0]!.modes[2])
    expect(told.at(-1)).toBe(1)
    expect(told).toEqual(told.toSorted((a, b) => a - b))
    const rows = benchmarkTable(found)
    expect(rows.map(([mode]) => mode).slice(1, 7)).toEqual([
      ...['base', 'lossless', 'gated (5.0 %)', 'trie (8)', 'free', 'other'],
    ])
    expect(benchmarkNotes(found).join('\n')).toMatch(/Lossless at 120 tokens: doubt below/)
    expect(benchmarkPlot([{ title: 'own', result: found }])).toContain('own, context 120, lossless')
  })

  it('has the rows of its token symbols among the weights of its tail', () => {
    const { speller } = spellm
    const plain = { ...speller, alphabet: { ...speller.alphabet, tokenSymbols: [] } }
    const { tail, headRow } = weightBytes(spellm)
    const rows = speller.alphabet.tokenSymbols!.length
    expect(tail - weightBytes({ ...spellm, speller: plain }).tail).toBeCloseTo(rows * headRow, 3)
  })
})

it('refuses to pick tokens otherwise where it writes no texts', async () => {
  const sampling = { temperature: 1, seed: 0 }
  await expect(runBenchmark(model, { ...options, contexts: [16], sampling })).rejects.toMatchObject({
    code: 'setting-invalid',
  })
})

it('ends when it is cancelled', async () => {
  const controller = new AbortController()
  const onProgress = () => controller.abort()
  await expect(
    runBenchmark(model, { ...options, contexts: [16], signal: controller.signal, onProgress }),
  ).rejects.toBeInstanceOf(CancelledError)
})

it('reckons the bytes that are on disk', async () => {
  const base = await openBaseModel(modelFolder(sampleModelName))
  const { entries } = await openModelTokenizer(base)
  const quantized = await withPrecision(base, 'int4', 'sample', { folder: scratch })
  const { trunk, head } = weightBytes(untrainedModel(quantized, 'int4', entries))
  const { size } = await stat(join(scratch, 'sample-int4.safetensors'))
  // Norms, which are not quantised, and the header make the difference.
  expect((trunk + head) / size).toBeCloseTo(1, 1)
  const { tensors } = await openSafetensors(join(scratch, 'sample-int4.safetensors'))
  const embedding = base.architecture.head.weight.name
  const ofHead = ['packed', 'scales'].map((part) => tensors.get(`${embedding}.${part}`)!.byteLength)
  expect(head).toBe(ofHead[0]! + ofHead[1]!)
})
