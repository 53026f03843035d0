import { existsSync, readdirSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { CancelledError } from '../base/errors.ts'
import { writeShortModel } from '../engine/testing/short-model.ts'
import { convert, resumeConversion } from './convert.ts'
import type { ConversionEvent } from './events.ts'
import { parseConversionSettings } from './settings.ts'
import { readDoubts } from '../spellm/doubts.ts'
import { doubtsFile } from '../spellm/spellm.ts'

/** How long a round of own text is depends on the cores. */
vi.mock('node:os', async (importOriginal) => ({
  ...(await importOriginal<typeof import('node:os')>()),
  availableParallelism: () => 2,
}))

const small = {
  tokens: 12_300,
  k: 6,
  adapterWidths: [16],
  batchTokens: 256,
  epochs: 2,
  seed: 4,
  keepCache: true,
}

let scratch = ''
let base = ''
let questions = ''
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-streamed-'))
  base = join(scratch, 'model')
  // Short sequences make short rounds.
  await writeShortModel(base, { max_position_embeddings: 32 })
  // Few of them have few answers to be measured by, which takes longest.
  questions = join(scratch, 'questions.txt')
  await writeFile(questions, ['Who is it?', 'Why?', 'Where is the hat?', 'How old?', 'Is it far?'].join('\n'))
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

const cached = (run: string, kind = 'chunk') => {
  const folder = join(scratch, run, 'cache/training')
  return existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.startsWith(kind))
        .sort()
    : []
}

const settingsOf = (settings: { windowTokens?: number }) =>
  parseConversionSettings({ base, questions: [questions], ...small, ...settings })

/** Runs a conversion, and notes what is in its cache at each step. */
async function run(name: string, settings: { windowTokens?: number }) {
  const steps: { step: number; chunks: string[]; targets: string[] }[] = []
  const events: ConversionEvent[] = []
  const onEvent = (event: ConversionEvent) => {
    events.push(event)
    if (event.type === 'step')
      steps.push({ step: event.step, chunks: cached(name), targets: cached(name, 'targets') })
  }
  const result = await convert(join(scratch, name), settingsOf(settings), { onEvent })
  return { result, steps, events }
}

const tail = (name: string) => readFile(join(scratch, name, 'spellm/tail.safetensors'))
const chunk = (name: string, file: string) => readFile(join(scratch, name, 'cache/training', file))

describe('more tokens than the cache may hold', () => {
  it('are learnt from window by window, and are the tokens of a cache that holds all', async () => {
    const plain = await run('plain', {})
    const all = cached('plain')
    const streamed = await run('streamed', { windowTokens: 4_200 })
    const held = Math.max(...streamed.steps.map(({ chunks }) => chunks.length))
    expect(all.length).toBeGreaterThan(2 * held)
    expect(streamed.result).toMatchObject({ tokens: plain.result.tokens, steps: plain.result.steps })

    const seen = streamed.steps
      .map(({ chunks }) => chunks.join())
      .filter((now, i, list) => now !== list[i - 1])
    expect(seen.map((names) => names.split(',')).flat()).toEqual(all)
    for (const { chunks, targets } of streamed.steps)
      expect(targets).toEqual(chunks.map((name) => name.replace('chunk', 'targets')))
    const last = cached('streamed')
    expect(last.at(-1)).toBe(all.at(-1))
    for (const name of last) expect(await chunk('streamed', name)).toEqual(await chunk('plain', name))
    const phases = streamed.events.flatMap((event) => (event.type === 'phase' ? [event.phase] : []))
    expect(phases.filter((phase) => phase === 'train')).toHaveLength(seen.length)
    // Nothing is written again to look at draws.
    expect(phases.at(-1)).toBe('evaluate')
    const { drawn } = await readDoubts(join(scratch, 'streamed/spellm', doubtsFile))
    expect(drawn!.doubts.length).toBeGreaterThan(500)
  }, 300_000)

  it('in a window that holds them all, give the weights of a conversion without', async () => {
    if (!existsSync(join(scratch, 'plain/result.json'))) await run('plain', {})
    await run('one-window', { windowTokens: 13_000 })
    expect(await tail('one-window')).toEqual(await tail('plain'))
  }, 300_000)

  it('stopped while the second window is written, give the weights of a conversion that was not', async () => {
    const settings = { windowTokens: 4_200 }
    if (!existsSync(join(scratch, 'streamed/result.json'))) await run('streamed', settings)
    const stop = new AbortController()
    let writes = 0
    const onEvent = (event: ConversionEvent) => {
      if (event.type === 'phase' && event.phase === 'text') writes++
      if (event.type === 'progress' && event.phase === 'text' && writes === 2 && event.done > 1_500)
        stop.abort()
    }
    const folder = join(scratch, 'stopped')
    const started = convert(folder, settingsOf(settings), { onEvent, signal: stop.signal })
    await expect(started).rejects.toThrow(CancelledError)
    // What the first window taught is in a checkpoint; its states have made room.
    expect(cached('stopped')).toEqual([])
    await resumeConversion(folder, { onEvent: () => undefined })
    expect(await tail('stopped')).toEqual(await tail('streamed'))
  }, 300_000)

  it('finished early while the second window is written, are measured along what is there', async () => {
    const enough = new AbortController()
    let writes = 0
    let written = 0
    const onEvent = (event: ConversionEvent) => {
      if (event.type === 'phase' && event.phase === 'text') writes++
      if (event.type === 'progress' && event.phase === 'text' && writes === 2) {
        written = Math.max(written, event.done)
        enough.abort()
      }
    }
    const folder = join(scratch, 'early')
    await convert(folder, settingsOf({ windowTokens: 4_200 }), { onEvent, finishEarly: enough.signal })
    expect(writes).toBe(2)
    const { drawn } = await readDoubts(join(folder, 'spellm', doubtsFile))
    expect(drawn!.doubts.length).toBeGreaterThan(500)
    expect(cached('early').length).toBeGreaterThan(0)
    expect(cached('early')).not.toContain('chunk-00000.safetensors')
  }, 300_000)

  it('need token symbols', () => {
    expect(() => parseConversionSettings({ base, windowTokens: 4_096, tokenSymbols: 0 })).toThrow(
      /windowTokens/,
    )
  })
})
