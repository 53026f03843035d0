import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { ConversionRequest, RunChange, RunEvent, RunSummary, StepPoint } from '../../contract/index.ts'
import { openTextGenerator } from '../../decode/text-generator.ts'
import { openSafetensors, readTensor } from '../../formats/safetensors.ts'
import { withFullDisk } from '../../runs/testing/faults.ts'
import { convert } from '../../conversion/convert.ts'
import { conversionSettings } from './conversion-request.ts'
import { parseConversionSettings } from '../../conversion/settings.ts'
import { engineErrorOf, eventsUntil, untilStatus, type Client } from '../testing/client.ts'
import { openEngine } from '../testing/open-engine.ts'
import { shortRequest } from '../testing/short-request.ts'

vi.mock('../../conversion/conversion-text.ts', async (importOriginal) =>
  (await import('../../conversion/testing/few-positions.ts')).fewPositions(await importOriginal()),
)

let scratch = ''
let dataFolder = ''
let runsFolder = ''
let client: Client
let close: () => Promise<void>
let request: ConversionRequest
/** Takes minutes: to be stopped. */
let long: ConversionRequest

async function open() {
  ;({ client, close } = await openEngine({ dataFolder }))
}

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-jobs-'))
  dataFolder = join(scratch, 'data')
  runsFolder = join(dataFolder, 'runs')
  request = await shortRequest(scratch)
  long = { ...request, epochs: 1_000 }
  await open()
})
afterAll(async () => {
  await close()
  await rm(scratch, { recursive: true, force: true })
})

const start = (name: string, request: ConversionRequest) => client.runs.start({ name, request })
const pointsOf = (events: readonly RunEvent[]): StepPoint[] =>
  events.flatMap((event) => (event.type === 'steps' ? event.points : []))
const stepsOf = (events: readonly RunEvent[]) => pointsOf(events).map(({ step }) => step)
const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1)
const isStep = (event: RunEvent) => event.type === 'steps'
const isEnd = (event: RunEvent) => event.type === 'log' && event.line.message.startsWith('Finished')

async function tailOf({ folder }: { readonly folder: string }): Promise<Map<string, Float32Array>> {
  const { tensors } = await openSafetensors(join(folder, 'spellm/tail.safetensors'))
  return new Map(
    await Promise.all([...tensors].map(async ([name, entry]) => [name, await readTensor(entry)] as const)),
  )
}
function largestDifference(a: Map<string, Float32Array>, b: Map<string, Float32Array>): number {
  expect([...a.keys()]).toEqual([...b.keys()])
  let largest = 0
  for (const [name, values] of a)
    values.forEach((value, i) => (largest = Math.max(largest, Math.abs(value - b.get(name)![i]!))))
  return largest
}

describe('a run', () => {
  let run: RunSummary
  let events: RunEvent[]
  const changes: RunChange[] = []

  beforeAll(async () => {
    const controller = new AbortController()
    const watched = await client.runs.watch(undefined, { signal: controller.signal })
    const watching = (async () => {
      for await (const change of watched) {
        changes.push(change)
        if (change.type === 'changed' && change.run.status === 'finished') return
      }
    })()
    const started = await start('first', request)
    events = await eventsUntil(client, started.id, 0, isEnd)
    await watching
    controller.abort()
    run = await client.runs.get({ id: started.id })
  })

  it('goes from queued or running to finished, and says how far it is', () => {
    const seen = changes.flatMap((change) => (change.type === 'changed' ? [change.run] : []))
    expect(new Set(seen.map(({ id }) => id))).toEqual(new Set(['first']))
    expect(seen.at(-1)).toMatchObject({ status: 'finished', progress: null })
    // At its end a run has no job any more, and its folder may still say that it runs.
    const running = seen.filter(({ status, progress }) => status === 'running' && progress)
    expect(running.length).toBeGreaterThan(0)
    for (const { progress, step, steps } of running) {
      expect(progress!.done).toBeLessThanOrEqual(progress!.total)
      if (steps !== null) expect(step).toBeLessThanOrEqual(steps)
    }
  })

  it('tells every step once and in order', () => {
    expect(run.result!.steps).toBeGreaterThan(60)
    expect(stepsOf(events)).toEqual(upTo(run.result!.steps))
  })

  it('has a result, its settings with nothing left open, and a sparkline of its losses', () => {
    expect(run).toMatchObject({
      id: 'first',
      folder: join(runsFolder, 'first'),
      base: { name: 'model', reference: request.base },
      settings: { ...request, alphabet: 'auto', keepCache: false, mode: 'trie' },
      step: run.result!.steps,
      steps: run.result!.steps,
      problem: null,
    })
    const losses = pointsOf(events).map(({ loss }) => loss)
    expect(run.sparkline).toHaveLength(48)
    expect([run.sparkline[0], run.sparkline.at(-1)]).toEqual([losses[0], losses.at(-1)])
    expect(losses.at(-1)).toBeLessThan(losses[0]! - 1)
  })

  it('has a history that is what its metrics file says', async () => {
    const lines = (await readFile(join(run.folder, 'metrics.jsonl'), 'utf8')).trim().split('\n')
    const recorded = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    const steps = recorded.filter(({ type }) => type === 'step')
    const history = await client.runs.history({ id: 'first' })
    expect(history.step).toEqual(steps.map(({ step }) => step))
    for (const [i, { loss, gradientNorm, learningRates, headAccuracy }] of steps.entries()) {
      expect(history.loss[i]).toBeCloseTo(loss as number, 5)
      expect(history.gradientNorm[i]).toBeCloseTo(gradientNorm as number, 5)
      expect(history.learningRate[i]).toBeCloseTo((learningRates as { adapter: number }).adapter, 8)
      expect(history.headAccuracy.map((head) => head[i])).toEqual(
        (headAccuracy as number[]).map((share) => expect.closeTo(share, 5) as number),
      )
    }
    const evaluations = recorded.filter(({ type }) => type === 'evaluation')
    expect(history.evaluations).toEqual(evaluations.map(({ step, agreement }) => ({ step, agreement })))
    expect(history.evaluations.at(-1)).toEqual({ step: run.step, agreement: run.result!.agreement })
  })

  it('shows at each evaluation how base and SpeLLM continue held-out text', async () => {
    const { samples, evaluations } = await client.runs.history({ id: 'first' })
    expect(samples.map(({ step }) => step)).toEqual(evaluations.map(({ step }) => step))
    expect(events.flatMap((event) => (event.type === 'sample' ? [event.point] : []))).toEqual(samples)
    const text = await readFile(request.texts[0]!, 'utf8')
    const { prompt, base, spellm } = samples.at(-1)!
    expect(text.startsWith(prompt)).toBe(true)
    expect(new Set(samples.map((sample) => sample.base.join('')))).toEqual(new Set([base.join('')]))

    const generator = await openTextGenerator(run.folder)
    const continued = async (mode: 'base' | 'trie') => {
      let written = ''
      const options = { mode, sampling: null, maxTokens: 40, stop: [] }
      for await (const piece of generator.write(prompt, generator.createKvContext(), options))
        written += piece.text
      return written
    }
    expect(await continued('base')).toBe(base.join(''))
    expect(await continued('trie')).toBe(spellm.join(''))
    await generator.release()
  })

  it('has the weights of the same conversion without samples and without others to take turns with', async () => {
    const folder = join(scratch, 'alone')
    await convert(folder, await conversionSettings(request), { onEvent: () => undefined })
    expect(largestDifference(await tailOf(run), await tailOf({ folder }))).toBeLessThan(1e-6)
  })

  it('keeps a log of its phases', async () => {
    const { log } = await client.runs.history({ id: 'first' })
    expect(log.map(({ message }) => message)).toEqual([
      'Started.',
      'Checking the base model.',
      'Reading the text.',
      'The base model reads the text and fills the teacher cache.',
      'Training.',
      'Measuring on held-out text.',
      expect.stringMatching(/^Finished after \d+ steps/),
    ])
    const times = log.map(({ at }) => Date.parse(at))
    expect(times).toEqual([...times].sort((a, b) => a - b))
  })

  it('can be asked for what came after any step, also when it is finished', async () => {
    const after = run.step - 3
    const late = await eventsUntil(client, 'first', after, (event) => event.type === 'sample')
    expect(stepsOf(late)).toEqual([after + 1, after + 2, after + 3])
  })

  it('that a name stands for already gets another one', async () => {
    const second = await start('first', long)
    const third = await start('first', long)
    expect([second.id, third.id]).toEqual(['first 2', 'first 3'])
    await client.runs.remove({ id: third.id })
    await client.runs.remove({ id: second.id })
  })
})

it('a run with token symbols tells of its targets, and its result has a verdict', async () => {
  await start('symbols', { ...request, tokenSymbols: 64, epochs: 1 })
  const run = await untilStatus(client, 'symbols', 'finished')
  expect(run.settings).toMatchObject({ tokenSymbols: 64, objective: 'soft', mode: 'lossless' })
  const { tokenSymbols, tailShare, verdict, alphabetSize } = run.result!
  expect(tokenSymbols).toBeGreaterThanOrEqual(64)
  expect(tailShare).toBeCloseTo((tokenSymbols + alphabetSize + 3 * 16) / 4096, 12)
  expect(verdict).toMatchObject({ mode: 'lossless', sameText: true })
  expect(verdict!.speedup).toBeGreaterThan(0)

  const { log, samples } = await client.runs.history({ id: 'symbols' })
  expect(log.map(({ message }) => message)).toEqual([
    'Started.',
    'Checking the base model.',
    'Reading the text.',
    'The base model reads the text and fills the teacher cache.',
    'The base model’s probabilities of the text are computed, to be learnt.',
    'Training.',
    'Measuring on held-out text.',
    expect.stringMatching(/^The text with its states stays in .+ \(\d+ MB\)/),
    expect.stringMatching(/^Finished after \d+ steps/),
  ])
  expect(samples.at(-1)!.spellm.length).toBeGreaterThan(0)
  await client.runs.remove({ id: 'symbols' })
})

describe('pausing', () => {
  it('saves the work, and the resumed run ends with the weights of one that was not paused', async () => {
    const { id } = await start('paused', request)
    const before = await eventsUntil(client, id, 0, isStep)
    expect(['pausing', 'paused']).toContain((await client.runs.pause({ id })).status)
    const paused = await untilStatus(client, id, 'paused')
    expect(paused.step).toBeGreaterThanOrEqual(stepsOf(before).at(-1)!)
    expect(paused.step).toBeLessThan(paused.steps!)
    const half = await client.runs.history({ id })
    expect(half.step).toEqual(upTo(paused.step))
    expect(half.log.at(-1)!.message).toBe('Stopped.')

    // Somebody who heard half of it before hears the rest, whatever happens in between.
    const rest = eventsUntil(client, id, paused.step, isEnd)
    await client.runs.resume({ id })
    expect(stepsOf(await rest)).toEqual(upTo(paused.steps!).slice(paused.step))
    const resumed = await client.runs.get({ id })

    const whole = await client.runs.get({ id: 'first' })
    expect(largestDifference(await tailOf(resumed), await tailOf(whole))).toBeLessThan(1e-6)
    expect(await client.runs.history({ id })).toMatchObject({
      step: upTo(paused.steps!),
      evaluations: (await client.runs.history({ id: whole.id })).evaluations,
    })
  })
})

describe('a queue', () => {
  it('trains one run at a time, in the order of asking, and leaves out those that are paused', async () => {
    const order = ['one', 'two', 'three']
    const started = []
    for (const name of order) started.push(await start(name, long))
    expect(started.map(({ status }) => status)).toEqual(['running', 'queued', 'queued'])
    expect((await client.runs.pause({ id: 'two' })).status).toBe('paused')
    const statuses = async () => {
      const runs = await client.runs.list()
      return order.map((name) => runs.find(({ id }) => id === name)?.status)
    }
    expect(await statuses()).toEqual(['running', 'paused', 'queued'])
    await client.runs.remove({ id: 'one' })
    await untilStatus(client, 'three', 'running')
    expect((await client.runs.resume({ id: 'two' })).status).toBe('queued')
    expect(await statuses()).toEqual([undefined, 'queued', 'running'])
    await client.runs.remove({ id: 'two' })
    await client.runs.remove({ id: 'three' })
    expect(await readdir(runsFolder)).not.toContain('three')
  })

  it('leaves room for the console, and the console for it', async () => {
    const { id } = await start('beside the console', long)
    await eventsUntil(client, id, 0, isStep)
    const reference = request.base
    const generate = async () => {
      const tokens = []
      const stream = await client.console.generate({
        source: { kind: 'model', reference },
        mode: 'base',
        prompt: 'Once upon a time',
        maxTokens: 20,
        sampling: { temperature: 1, seed: 2 },
        stop: [],
      })
      for await (const event of stream) if (event.type === 'token') tokens.push(event.token)
      return tokens
    }
    const whileTraining = await generate()
    const { status, step } = await client.runs.get({ id })
    expect(status).toBe('running')
    await eventsUntil(client, id, step, isStep)
    await client.runs.remove({ id })
    expect(whileTraining).toEqual(await generate())
  })

  it('keeps the runs folder where it is while it works', async () => {
    const { id } = await start('busy', long)
    const error = await engineErrorOf(client.app.changeSettings({ runsFolder: join(scratch, 'elsewhere') }))
    expect(error.code).toBe('run-status')
    await client.runs.remove({ id })
  })
})

describe('finishing early', () => {
  it('measures and saves the weights so far, and says how many steps they took', async () => {
    const { id } = await start('early', long)
    await eventsUntil(client, id, 0, isStep)
    await client.runs.finishEarly({ id })
    const run = await untilStatus(client, id, 'finished')
    const { step, evaluations } = await client.runs.history({ id })
    expect(run.result!.steps).toBe(step.at(-1))
    expect(run.result!.tokens).toBeLessThanOrEqual(run.result!.steps * request.batchTokens!)
    expect(evaluations.at(-1)).toEqual({ step: step.at(-1), agreement: run.result!.agreement })
    const generator = await openTextGenerator(run.folder)
    expect(generator.modes).toContain('trie')
    await generator.release()
  })

  it('is possible for a paused run', async () => {
    const { id } = await start('paused early', long)
    await eventsUntil(client, id, 0, isStep)
    await client.runs.pause({ id })
    const paused = await untilStatus(client, id, 'paused')
    await client.runs.finishEarly({ id })
    expect((await untilStatus(client, id, 'finished')).result!.steps).toBe(paused.step)
  })

  it('needs a first step, and a run that is not finished', async () => {
    const running = await start('in training', long)
    const { id } = await start('too early', long)
    for (const other of [id, 'first'])
      expect((await engineErrorOf(client.runs.finishEarly({ id: other }))).code).toBe('run-status')
    expect((await engineErrorOf(client.runs.resume({ id: 'first' }))).code).toBe('run-status')
    await client.runs.remove({ id })
    await client.runs.remove({ id: running.id })
  })
})

describe('deleting', () => {
  it('a run that trains stops it, and tells those who watch', async () => {
    const { id, folder } = await start('doomed', long)
    await eventsUntil(client, id, 0, isStep)
    const controller = new AbortController()
    const changes = await client.runs.watch(undefined, { signal: controller.signal })
    await client.runs.remove({ id })
    await expect(readdir(folder)).rejects.toThrow('ENOENT')
    for await (const change of changes) if (change.type === 'removed' && change.id === id) break
    controller.abort()
    expect((await engineErrorOf(client.runs.get({ id }))).code).toBe('file-not-found')
  })

  it('touches nothing but runs of the runs folder', async () => {
    const thesis = join(runsFolder, 'thesis')
    await mkdir(thesis)
    await writeFile(join(thesis, 'thesis.txt'), 'mine')
    const elsewhere = join(scratch, 'linked')
    await mkdir(elsewhere)
    await writeFile(join(elsewhere, 'run.json'), '{}')
    await symlink(elsewhere, join(runsFolder, 'link'))
    for (const id of ['thesis', 'link'])
      expect((await engineErrorOf(client.runs.remove({ id }))).code).toBe('file-not-found')
    expect(await readFile(join(thesis, 'thesis.txt'), 'utf8')).toBe('mine')
    expect(await readdir(elsewhere)).toEqual(['run.json'])
    await rm(join(runsFolder, 'link'))
  })
})

describe('a run that fails', () => {
  it('says why, also to the next engine, and resumes when the cause is gone', async () => {
    const text = join(scratch, 'short.txt')
    await writeFile(text, 'Once upon a time.')
    const { id } = await start('failing', { ...request, texts: [text] })
    const failed = await untilStatus(client, id, 'failed')
    expect(failed.problem).toMatchObject({
      code: 'text-invalid',
      message: expect.stringMatching(/has \d+ tokens/) as string,
    })
    await close()
    await open()
    expect(await client.runs.get({ id })).toMatchObject({ status: 'failed', problem: failed.problem })

    await rename(request.texts[0]!, text)
    await client.runs.resume({ id })
    expect((await untilStatus(client, id, 'finished', 'failed')).problem).toBeNull()
    await rename(text, request.texts[0]!)
  })
})

describe('runs of others', () => {
  it('in the same folder are listed, and those that can not be read say so', async () => {
    const folder = join(runsFolder, 'from the command line')
    const controller = new AbortController()
    const stopAtFirstStep = convert(folder, parseConversionSettings({ ...long, checkpointSeconds: 0 }), {
      onEvent: ({ type }) => {
        if (type === 'step') controller.abort()
      },
      signal: controller.signal,
    })
    await expect(stopAtFirstStep).rejects.toThrow('stopped on request')
    const nameless = join(runsFolder, 'no+id')
    await mkdir(nameless)
    await writeFile(join(nameless, 'run.json'), '{}')
    const broken = join(runsFolder, 'broken')
    await mkdir(broken)
    await writeFile(join(broken, 'run.json'), '{"id": 7}')

    const runs = await client.runs.list()
    expect(runs.find(({ id }) => id === 'from the command line')).toMatchObject({
      status: 'paused',
      step: 1,
      sparkline: [expect.any(Number)],
    })
    expect(runs.map(({ id }) => id)).not.toContain('no+id')
    expect(runs.at(-1)).toMatchObject({
      id: 'broken',
      status: 'broken',
      problem: { code: 'run-corrupt', message: expect.stringContaining('run.json') as string },
    })
    await client.runs.finishEarly({ id: 'from the command line' })
    expect((await untilStatus(client, 'from the command line', 'finished')).result!.steps).toBe(1)
    await client.runs.remove({ id: 'broken' })
  })
})

describe('a disk that is full', () => {
  it('keeps a run from being queued, and nothing of it stays', async () => {
    const error = vi.spyOn(console, 'error').mockReturnValue()
    const full = await withFullDisk(0, () => engineErrorOf(start('no room', request)))
    error.mockRestore()
    expect(full).toMatchObject({
      code: 'disk-full',
      message: expect.stringContaining('jobs.json') as string,
    })
    expect((await engineErrorOf(client.runs.get({ id: 'no room' }))).code).toBe('file-not-found')
    expect(await readdir(runsFolder)).not.toContain('no room')
  })
})

describe('an engine that closes', () => {
  it('saves the work of the run that trains, for the next one to resume', async () => {
    const { id } = await start('open end', long)
    await eventsUntil(client, id, 0, isStep)
    await close()
    await open()
    const run = await client.runs.get({ id })
    expect(run.status).toBe('interrupted')
    expect((await client.runs.history({ id })).step).toEqual(upTo(run.step))
    expect(run.step).toBeGreaterThan(0)
    await client.runs.remove({ id })
  })
})
