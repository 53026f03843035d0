import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { freeChooser, headSymbols, trieChooser } from '../decode/chooser.ts'
import { openTextGenerator, type GenerationMode, type TextGenerator } from '../decode/text-generator.ts'
import { readRunRecord } from '../engine/jobs/run-record.ts'
import { openSafetensors, readTensor } from '../formats/safetensors.ts'
import { readDescription, readResult, summariseRun } from '../runs/index.ts'
import { checkpointSteps } from '../runs/checkpoints.ts'
import { collect } from '../runs/testing/collect.ts'
import { modeOf } from '../spellm/decode-modes.ts'
import { openSpellm } from '../spellm/spellm.ts'
import { resumeConversion } from './convert.ts'
import { conversionResultSchema } from './result.ts'
import { runSettingsSchema } from './settings.ts'

/** What the first version that had a format wrote; scripts/reference/format-1.mjs says how. */
const written = join(import.meta.dirname, 'testing', 'format-1')
const model = join(written, 'model')
const modes = ['base', 'trie', 'free', 'shortlist', 'gated', 'lossless'] as const

const tokens = z.array(z.int())
const picksSchema = z.object({
  ids: tokens,
  positions: z.array(
    z.object({
      hidden: z.array(z.number()),
      symbols: tokens,
      largest: z.number(),
      trie: tokens,
      free: tokens,
    }),
  ),
  texts: z.record(z.enum(modes), tokens),
})

/** What 'trie' was then is 'trie' without candidates now; with them it was 'shortlist'. */
function modeNow(name: (typeof modes)[number]): { mode: GenerationMode; candidates?: number } {
  if (name === 'trie') return { mode: 'trie', candidates: 0 }
  return { mode: name === 'base' ? name : modeOf(name) }
}

let scratch = ''
let picks: z.infer<typeof picksSchema>
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-format-1-'))
  picks = picksSchema.parse(JSON.parse(await readFile(join(written, 'picks.json'), 'utf8')))
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

/** A copy of a run whose base model is where it is now: opening a run writes into it. */
async function movedRun(name: string): Promise<string> {
  const run = join(scratch, name)
  await cp(join(written, name), run, { recursive: true })
  const path = join(run, 'run.json')
  const text = await readFile(path, 'utf8')
  await writeFile(path, text.replaceAll('/models/tiny', model))
  return run
}

describe('a SpeLLM of format 1', () => {
  let generator: TextGenerator
  beforeAll(async () => {
    generator = await openTextGenerator(join(written, 'finished'), { basePath: model })
  })
  afterAll(() => generator.release())

  it('is opened with all that it has', async () => {
    const spellm = await openSpellm(join(written, 'finished', 'spellm'), { basePath: model })
    expect(spellm).toMatchObject({ precision: 'stored', adapterWidths: [8], contextSymbols: 0, anchor: 0 })
    expect(spellm.mode).toBe('trie')
    expect(spellm.speller).toMatchObject({ k: 3 })
    expect(spellm.gates.length).toBeGreaterThan(0)
    expect([...spellm.weights.keys()]).toEqual([...spellm.samplingWeights!.keys()])
    expect(spellm.doubts).toBeNull()
  })

  it('picks for a state what it picked then', async () => {
    const { tail } = await generator.sessions()
    const tokenize = (text: string) => generator.tokenizer.encode(text)
    const trie = trieChooser(tail!, null)
    const free = freeChooser(tail!, tokenize, null)
    for (const { hidden: numbers, ...expected } of picks.positions) {
      const hidden = Float32Array.from(numbers)
      const logProbabilities = await tail!.logProbabilities(hidden)
      expect({
        symbols: [...headSymbols(tail!.speller, logProbabilities)],
        largest: Math.max(...logProbabilities),
        trie: await trie.choose({ hidden }, []),
        free: await free.choose({ hidden }, []),
      }).toEqual({ ...expected, largest: expect.closeTo(expected.largest, 4) as number })
    }
  })

  it('has the same states', async () => {
    const { trunk } = await generator.sessions()
    const states = await trunk.forward(Int32Array.from(picks.ids), trunk.createCache())
    const expected = picks.positions.flatMap(({ hidden }) => hidden)
    expect(states).toHaveLength(expected.length)
    expect(Math.max(...expected.map((value, i) => Math.abs(value - states[i]!)))).toBeLessThan(1e-4)
  })

  it.each(modes)("writes what it wrote, in what was mode '%s'", async (name) => {
    const options = { ...modeNow(name), sampling: null, maxTokens: 8, stop: [] }
    const pieces = await collect(generator.write(picks.ids, generator.createKvContext(), options))
    expect(pieces.flatMap(({ token }) => (token === null ? [] : [token]))).toEqual(picks.texts[name])
  })
})

describe('a finished run of format 1', () => {
  const run = join(written, 'finished')

  it('is listed with its settings and its result', async () => {
    expect(await summariseRun(run)).toMatchObject({ status: 'finished', base: { path: '/models/tiny' } })
    const { settings } = await readDescription(run, runSettingsSchema)
    expect(settings).toMatchObject({ k: 3, alphabet: 'auto:24', samplingTail: true, mode: 'trie' })
    // What later versions added stands for what there was.
    expect(settings).toMatchObject({ tokenSymbols: 0, questions: [], anchor: 0 })
    expect(await readResult(run, conversionResultSchema)).toMatchObject({
      steps: 16,
      agreement: { positions: 20_480 },
      samplingTail: { steps: 8 },
      tokenSymbols: 0,
      verdict: null,
    })
  })

  it('shows its curves and samples', async () => {
    const { steps, samplingSteps, evaluations, samples } = await readRunRecord(run)
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 16 }, (_, i) => i + 1))
    expect(steps[0]).toMatchObject({ loss: 4.041046, learningRate: 0.003 })
    expect(samplingSteps.map(({ step }) => step)).toEqual(Array.from({ length: 8 }, (_, i) => i + 17))
    expect(evaluations.map(({ step }) => step)).toEqual([2, 4, 6, 8, 10, 12, 14, 16])
    expect(evaluations.at(-1)!.agreement.positions).toBe(20_480)
    expect(samples).toHaveLength(evaluations.length)
  })
})

describe('a stopped run of format 1', () => {
  it('is resumed and ends with the weights that its own version learnt', async () => {
    const run = await movedRun('stopped')
    expect(await summariseRun(run)).toMatchObject({ status: 'paused', step: 6 })
    const result = await resumeConversion(run, { onEvent: () => undefined })
    expect(result).toMatchObject({ steps: 16, samplingTail: { steps: 8 } })
    expect(await checkpointSteps(join(run, 'checkpoints'))).toContain(24)

    const finished = await readRunRecord(join(written, 'finished'))
    const resumed = await readRunRecord(run)
    expect(resumed.steps.map(({ step }) => step)).toEqual(finished.steps.map(({ step }) => step))
    for (const [i, { loss }] of resumed.steps.entries()) expect(loss).toBeCloseTo(finished.steps[i]!.loss, 4)
    for (const file of ['tail.safetensors', 'sampling-tail.safetensors']) {
      const expected = await weightsOf(join(written, 'finished', 'spellm', file))
      const weights = await weightsOf(join(run, 'spellm', file))
      expect([...weights.keys()]).toEqual([...expected.keys()])
      for (const [name, values] of weights) {
        // Equal bits on the CPU that wrote them; others round otherwise.
        const differences = values.map((value, i) => Math.abs(value - expected.get(name)![i]!))
        expect(Math.max(...differences), `${file}: ${name}`).toBeLessThan(1e-3)
      }
    }
  })
})

async function weightsOf(path: string): Promise<Map<string, Float32Array>> {
  const { tensors } = await openSafetensors(path)
  const read = [...tensors].map(async ([name, entry]) => [name, await readTensor(entry)] as const)
  return new Map(await Promise.all(read))
}
