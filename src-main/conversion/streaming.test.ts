import { existsSync, readdirSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { stories } from '../../resources/stories/stories.ts'
import { CancelledError } from '../errors.ts'
import { writeShortModel } from '../worker/testing/short-model.ts'
import { convert, resumeConversion } from './convert.ts'
import type { ConversionEvent } from './events.ts'
import { parseConversionSettings } from './settings.ts'

/** How long a round of own text is depends on the cores. */
vi.mock('node:os', async (importOriginal) => ({
  ...(await importOriginal<typeof import('node:os')>()),
  availableParallelism: () => 2,
}))

const small = {
  tokens: 8_200,
  k: 6,
  adapterWidths: [16],
  batchTokens: 256,
  epochs: 2,
  seed: 4,
  keepCache: true,
}

let scratch = ''
let base = ''
let text = ''
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-streamed-'))
  base = join(scratch, 'model')
  await writeShortModel(base)
  text = join(scratch, 'stories.txt')
  const told: string[] = []
  for (const story of stories(4)) if (told.push(story) === 300) break
  await writeFile(text, told.join('\n<|endoftext|>\n'))
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

/** Runs a conversion, and notes what is in its cache at each step. */
async function run(
  name: string,
  settings: { windowTokens?: number; texts?: string[] },
  signal?: AbortSignal,
) {
  const steps: { step: number; chunks: string[]; targets: string[] }[] = []
  const events: ConversionEvent[] = []
  const onEvent = (event: ConversionEvent) => {
    events.push(event)
    if (event.type === 'step')
      steps.push({ step: event.step, chunks: cached(name), targets: cached(name, 'targets') })
  }
  const options = { onEvent, ...(signal ? { signal } : {}) }
  const result = await convert(
    join(scratch, name),
    parseConversionSettings({ base, ...small, ...settings }),
    options,
  )
  return { result, steps, events }
}

const tail = (name: string) => readFile(join(scratch, name, 'spellm/tail.safetensors'))
const chunk = (name: string, file: string) => readFile(join(scratch, name, 'cache/training', file))

describe('more tokens than the cache may hold', () => {
  it('are learnt from window by window, and are the tokens of a cache that holds all', async () => {
    const plain = await run('plain', {})
    const all = cached('plain')
    const streamed = await run('streamed', { windowTokens: 3_100 })
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
    expect(streamed.events.filter((event) => event.type === 'phase' && event.phase === 'train')).toHaveLength(
      seen.length,
    )
  }, 200_000)

  it('in a window that holds them all, give the weights of a conversion without', async () => {
    if (!existsSync(join(scratch, 'plain/result.json'))) await run('plain', {})
    await run('one-window', { windowTokens: 9_000 })
    expect(await tail('one-window')).toEqual(await tail('plain'))
  }, 200_000)

  it('of a given text are read window by window; stopped in between, it ends with the same weights', async () => {
    const settings = { texts: [text], windowTokens: 4_096, tokens: 12_288 }
    const whole = await run('read', settings)
    expect(whole.steps.at(-1)!.chunks).toEqual(['chunk-00002.safetensors'])
    const stop = new AbortController()
    const events: ConversionEvent[] = []
    const phases = () => events.filter((event) => event.type === 'phase' && event.phase === 'cache').length
    const onEvent = (event: ConversionEvent) => {
      events.push(event)
      // While the second window is read.
      if (event.type === 'progress' && event.phase === 'cache' && phases() === 2) stop.abort()
    }
    const folder = join(scratch, 'stopped')
    const started = convert(folder, parseConversionSettings({ base, ...small, ...settings }), {
      onEvent,
      signal: stop.signal,
    })
    await expect(started).rejects.toThrow(CancelledError)
    const result = await resumeConversion(folder, { onEvent: () => undefined })
    expect(result.steps).toBe(whole.result.steps)
    expect(await tail('stopped')).toEqual(await tail('read'))
  }, 200_000)

  it('need token symbols', () => {
    expect(() => parseConversionSettings({ base, windowTokens: 4_096, tokenSymbols: 0 })).toThrow(
      /windowTokens/,
    )
  })
})
