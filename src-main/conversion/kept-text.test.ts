import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CancelledError } from '../base/errors.ts'
import { deleteRun } from '../runs/index.ts'
import { writeShortModel } from '../engine/testing/short-model.ts'
import { convert, resumeConversion } from './convert.ts'
import type { ConversionEvent } from './events.ts'
import { keepsText } from './kept-text.ts'
import { parseConversionSettings } from './settings.ts'

const small = { tokens: 1_000, k: 6, adapterWidths: [16], batchTokens: 256, epochs: 1, seed: 11 }

let scratch = ''
let base = ''
let first = ''
let questions = ''
const heard: ConversionEvent[] = []
const quiet = { onEvent: () => undefined }
const settingsOf = (changes: Partial<Parameters<typeof parseConversionSettings>[0]> = {}) =>
  parseConversionSettings({ base, questions: [questions], ...small, textOf: first, ...changes })
const folderOf = (name: string) => join(scratch, name)
const bytesOf = (run: string, file: string) => readFile(join(run, file))
const chunksOf = async (run: string) => {
  const names = await readdir(join(run, 'cache'), { recursive: true })
  return names.filter((name) => name.includes('chunk-')).map((name) => join('cache', name))
}
const tail = (run: string) => bytesOf(run, 'spellm/tail.safetensors')

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-kept-text-'))
  base = folderOf('model')
  first = folderOf('first')
  // Short sequences and few questions have few answers to be measured by, which takes longest.
  await writeShortModel(base, { max_position_embeddings: 32 })
  questions = folderOf('questions.txt')
  await writeFile(questions, ['Who is it?', 'Why?', 'Where is the hat?', 'How old?', 'Is it far?'].join('\n'))
  await convert(first, settingsOf({ textOf: undefined }), { onEvent: (event) => heard.push(event) })
}, 300_000)
afterAll(() => rm(scratch, { recursive: true, force: true }))

describe('the text of a finished run', () => {
  it('stays with its states, and a person is told how much it is; targets go', async () => {
    expect(await keepsText(first)).toBe(true)
    const names = await readdir(join(first, 'cache/training'))
    expect(names).not.toEqual([])
    expect(names.filter((name) => !name.startsWith('chunk-'))).toEqual([])
    const notices = heard.flatMap((event) => (event.type === 'notice' ? [event.message] : []))
    expect(notices.at(-1)).toContain(`stays in ${join(first, 'cache')}`)
  })

  it('is learnt from byte for byte, as by a run that has its cache from hand', async () => {
    const second = folderOf('groups')
    const events: ConversionEvent[] = []
    const settings = settingsOf({ alphabet: 'groups:32:4' })
    const result = await convert(second, settings, { onEvent: (event) => events.push(event) })
    for (const name of await chunksOf(first))
      expect(await bytesOf(second, name)).toEqual(await bytesOf(first, name))
    expect(await bytesOf(second, 'own-text.json')).toEqual(await bytesOf(first, 'own-text.json'))
    expect(events.some(({ type }) => type === 'written')).toBe(false)
    expect(result).toMatchObject({ groups: 32, k: 1, verdict: { sameText: true } })
    expect(result.textSeconds).toBeLessThan(result.seconds)

    const byHand = folderOf('by-hand')
    const stop = new AbortController()
    const onEvent = ({ type }: ConversionEvent) => type === 'progress' && stop.abort()
    const alone = settingsOf({ textOf: undefined, alphabet: 'groups:32:4' })
    await expect(convert(byHand, alone, { onEvent, signal: stop.signal })).rejects.toThrow(CancelledError)
    for (const name of ['cache', 'own-text.json', 'questions.safetensors', 'usage.safetensors'])
      await cp(join(first, name), join(byHand, name), { recursive: true })
    await resumeConversion(byHand, quiet)
    expect(await tail(second)).toEqual(await tail(byHand))
  }, 300_000)

  it('is there when a run that was stopped resumes, whatever became of the first', async () => {
    const second = folderOf('stopped')
    const stop = new AbortController()
    const onEvent = (event: ConversionEvent) => {
      if (event.type === 'phase' && event.phase === 'targets') stop.abort()
    }
    const source = folderOf('moved-away')
    await cp(first, source, { recursive: true })
    const started = convert(second, settingsOf({ textOf: source }), { onEvent, signal: stop.signal })
    await expect(started).rejects.toThrow(CancelledError)
    const [name] = await chunksOf(first)
    const placeOf = async (run: string) => (await stat(join(run, name!))).ino
    // It takes no second place on the disk.
    expect(await placeOf(second)).toBe(await placeOf(source))
    await deleteRun(source)
    await resumeConversion(second, quiet)
    // All else being the same, so is what was learnt.
    expect(await tail(second)).toEqual(await tail(first))
    expect(await keepsText(second)).toBe(true)
  }, 300_000)
})

describe('is refused, with nothing left behind,', () => {
  const refused = async (settings: ReturnType<typeof settingsOf>, message: RegExp) => {
    await expect(convert(folderOf('refused'), settings, quiet)).rejects.toMatchObject({
      code: 'run-mismatch',
      message: expect.stringMatching(message) as string,
    })
    expect(await readdir(scratch)).not.toContain('refused')
  }

  it('with another seed or budget, and both are named', () =>
    refused(settingsOf({ seed: 12, tokens: 2_000 }), /tokens 1000 there, 2000 here; seed 11 there, 12 here/))

  it('for another base model', async () => {
    const other = folderOf('other-model')
    await writeShortModel(other, { num_hidden_layers: 1 })
    await refused(settingsOf({ base: other }), /base model [0-9a-f]{12}… there, [0-9a-f]{12}… here/)
  })

  it('where the cache is gone', async () => {
    const source = folderOf('cleaned')
    await cp(first, source, { recursive: true })
    await rm(join(source, 'cache'), { recursive: true })
    expect(await keepsText(source)).toBe(false)
    await refused(settingsOf({ textOf: source }), /keeps no whole text/)
  })

  it('where there is no run', async () => {
    await expect(
      convert(folderOf('refused'), settingsOf({ textOf: folderOf('nowhere') }), quiet),
    ).rejects.toMatchObject({ code: 'file-not-found' })
    expect(await readdir(scratch)).not.toContain('refused')
  })

  it('without token symbols', () =>
    expect(() => settingsOf({ tokenSymbols: 0 })).toThrow(
      expect.objectContaining({ code: 'setting-invalid' }),
    ))
})
