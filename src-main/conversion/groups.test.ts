import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openTextGenerator, type GenerationMode } from '../decode/text-generator.ts'
import { CancelledError } from '../base/errors.ts'
import { openSafetensors, readTensor } from '../formats/safetensors.ts'
import { collect } from '../runs/testing/collect.ts'
import { evaluateText } from '../evaluate/evaluate-text.ts'
import { openSpellm } from '../spellm/spellm.ts'
import { writeShortModel } from '../engine/testing/short-model.ts'
import { convert, resumeConversion } from './convert.ts'
import type { ConversionEvent } from './events.ts'
import type { ConversionResult } from './result.ts'
import { parseConversionSettings } from './settings.ts'
import { stories } from '../../resources/stories/stories.ts'

vi.mock('./conversion-text.ts', async (importOriginal) =>
  (await import('./testing/few-positions.ts')).fewPositions(await importOriginal()),
)

const small = { tokens: 8_000, alphabet: 'groups:64:4', adapterWidths: [32], batchTokens: 256, seed: 3 }
let scratch = ''
let base = ''
let run = ''
let result: ConversionResult
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-groups-'))
  base = join(scratch, 'model')
  run = join(scratch, 'run')
  await writeShortModel(base)
  result = await convert(run, parseConversionSettings({ base, ...small }), { onEvent: () => undefined })
}, 600_000)
afterAll(() => rm(scratch, { recursive: true, force: true }))

describe('a conversion with learned groups', () => {
  it('divides all tokens without a symbol, no group much larger than others', async () => {
    const { speller } = await openSpellm(join(run, 'spellm'))
    const { alphabet, vocabularySize } = speller
    if (alphabet.unit !== 'group') throw new TypeError('expected groups')
    const { groups, read, tokenSymbols } = alphabet
    expect(result).toMatchObject({ k: 1, groups: groups.length, tokenSymbols: tokenSymbols.length })
    expect(groups.length).toBeGreaterThan(50)
    expect(read).toBe(4)
    const members = groups.flat()
    expect(members.length + tokenSymbols.length).toBe(vocabularySize)
    const largest = Math.max(...groups.map(({ length }) => length))
    expect(largest).toBeLessThanOrEqual(Math.ceil((4 * members.length) / 64))
  })

  it('writes the base model’s text in lossless mode', async () => {
    const generator = await openTextGenerator(run)
    const write = async (prompt: string, mode: GenerationMode) => {
      const settings = { mode, sampling: null, maxTokens: 40, stop: [] }
      return collect(generator.write(prompt, generator.createKvContext(), settings))
    }
    for (const prompt of ['Once upon a time', 'The', 'A small dog', '"No', 'In winter', 'He said that'])
      expect(await write(prompt, 'lossless')).toEqual(await write(prompt, 'base'))
    await generator.release()
    expect(result.verdict).toMatchObject({ sameText: true })
    expect(result.agreement.free).toBe(result.agreement.trie)
  })

  it('is evaluated as others are, with the rows that it reads', async () => {
    const spellm = await openSpellm(join(run, 'spellm'))
    const found = await evaluateText(spellm, stories(9), { positions: 512 })
    expect(found.candidates).toBe(0)
    expect(found.contextRows).toBeGreaterThan(0)
    const { trie, free, gated } = found.agreement.agreement
    expect(free!.value).toBe(trie!.value)
    expect(gated!.value).toBeGreaterThanOrEqual(trie!.value)
    expect(found.learntPerplexity!.perplexity.value).toBeGreaterThan(1)
  })

  it('stopped while it learns resumes and reaches the same weights', async () => {
    const stopped = join(scratch, 'stopped')
    const controller = new AbortController()
    const onEvent = (event: ConversionEvent) => {
      if (event.type === 'step' && event.step === 6) controller.abort()
    }
    const settings = parseConversionSettings({ base, ...small, checkpointSeconds: 0 })
    await expect(convert(stopped, settings, { onEvent, signal: controller.signal })).rejects.toThrow(
      CancelledError,
    )
    await resumeConversion(stopped, { onEvent: () => undefined })
    const file = (folder: string, name: string) => join(folder, 'spellm', name)
    expect(await readFile(file(stopped, 'spellm.json'))).toEqual(await readFile(file(run, 'spellm.json')))
    const weightsOf = async (folder: string) => {
      const { tensors } = await openSafetensors(file(folder, 'tail.safetensors'))
      return Promise.all([...tensors.values()].map((entry) => readTensor(entry)))
    }
    const [actual, expected] = [await weightsOf(stopped), await weightsOf(run)]
    for (const [i, values] of actual.entries())
      values.forEach((value, j) => {
        if (Math.abs(value - expected[i]![j]!) > 1e-6) throw new Error(`weight ${j} of tensor ${i} differs`)
      })
  }, 600_000)

  it.each([{ tokenSymbols: 0 }, { units: 'word' as const }, { samplingTail: true }])(
    'is refused with %j',
    (change) =>
      expect(() => parseConversionSettings({ base, ...small, ...change })).toThrow(
        expect.objectContaining({ code: 'setting-invalid' }),
      ),
  )
})
