import { chmod, mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { checkpointName } from './checkpoints.ts'
import { lockName } from '../base/file-lock.ts'
import { createRun, openRun, type Run } from './run.ts'
import { listRuns, readResult, runStatus } from './status.ts'
import { collect } from './testing/collect.ts'
import { asOrdinaryUser, withFullDisk } from './testing/faults.ts'
import { filesBelow, temporaryFolder } from './testing/temporary-folder.ts'

const settingsSchema = z.object({ k: z.number(), alphabet: z.array(z.string()) })
type Settings = z.infer<typeof settingsSchema>

const settings: Settings = { k: 12, alphabet: ['a', 'é', '\u{1f600}'] }
const base = { path: '/models/base', sha256: '0f'.repeat(32) }
const environment = { node: '20.20.2', device: 'cpu', threads: 2 }

const create = (folder: string) => createRun(folder, settingsSchema, { settings, base, environment })
const open = (folder: string) => openRun(folder, settingsSchema)

const eventSchema = z.object({ step: z.number() })
const stepsOf = async (run: Run<Settings>) =>
  (await collect(run.readMetrics(eventSchema))).map(({ step }) => step)

const stateSchema = z.object({ epoch: z.number() })
const tensorsAt = (step: number) => ({ heads: { shape: [2], data: Float32Array.of(step, -step) } })

/** Does the steps from `from` to `to` as training would, with a checkpoint after every tenth. */
async function train(run: Run<Settings>, from: number, to: number): Promise<void> {
  for (let step = from; step <= to; step++) {
    await run.appendMetrics({ step, loss: 1 / step })
    if (step % 10 === 0) await run.saveCheckpoint(step, tensorsAt(step), { epoch: step / 10 })
  }
}

describe('createRun', () => {
  test('makes the folder and its parents; opened again, the run is the same', async () => {
    const folder = join(await temporaryFolder(), 'a', 'b', 'run')
    const made = await create(folder)
    await made.close()
    const opened = await open(folder)
    expect(opened).toMatchObject({ folder, id: made.id, created: made.created, settings, base, environment })
    expect(Date.parse(made.created)).toBeGreaterThan(Date.now() - 60_000)
    await opened.close()
  })

  test('takes an empty folder, and refuses one that has something in it', async () => {
    const folder = await temporaryFolder()
    const run = await create(folder)
    await run.close()
    const before = await filesBelow(folder)
    await expect(create(folder)).rejects.toMatchObject({
      code: 'file-exists',
      message: expect.stringContaining(folder) as string,
    })
    expect(await filesBelow(folder)).toEqual(before)
  })

  test('goes ahead in what a process left behind that died while it made a run', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'lock'))
    await writeFile(join(folder, 'lock', lockName({ pid: 4711, started: '1', host: hostname() })), '')
    const run = await create(folder)
    await run.close()
  })

  test.each([0, 50])('leaves nothing behind on a disk with room for %i bytes', async (room) => {
    const parent = await temporaryFolder()
    const folder = join(parent, 'a', 'run')
    await expect(withFullDisk(room, () => create(folder))).rejects.toMatchObject({ code: 'disk-full' })
    expect(await readdir(parent)).toEqual([])
    await mkdir(folder, { recursive: true })
    await expect(withFullDisk(room, () => create(folder))).rejects.toMatchObject({ code: 'disk-full' })
    expect(await readdir(folder)).toEqual([])
  })

  test('names the folder that it may not write to', async () => {
    const parent = await temporaryFolder()
    await chmod(parent, 0o555)
    await asOrdinaryUser(() =>
      expect(create(join(parent, 'run'))).rejects.toMatchObject({
        code: 'permission-denied',
        message: expect.stringContaining(parent) as string,
      }),
    )
  })

  test('throws at once for settings that could not be read again', async () => {
    const parent = await temporaryFolder()
    const broken = { k: NaN, alphabet: [] }
    await expect(
      createRun(join(parent, 'run'), settingsSchema, { settings: broken, base, environment }),
    ).rejects.toThrow(z.ZodError)
    expect(await readdir(parent)).toEqual([])
  })
})

describe('openRun', () => {
  const breakages: Record<string, (path: string, text: string) => string> = {
    'cut off': (_, text) => text.slice(0, -20),
    empty: () => '',
    'not JSON': () => '<html>',
    'of another version': (_, text) => text.replace(/"format":\s*1/, '"format": 2'),
    'without a base': (_, text) => text.replace('"base"', '"bases"'),
    'with other settings': (_, text) => text.replace('"k"', '"K"'),
  }

  test.each(Object.keys(breakages))('refuses a run.json that is %s, and changes nothing', async (name) => {
    const folder = await temporaryFolder()
    await (await create(folder)).close()
    const path = join(folder, 'run.json')
    await writeFile(path, breakages[name]!(path, await readFile(path, 'utf8')))
    const before = await filesBelow(folder)
    await expect(open(folder)).rejects.toMatchObject({
      code: 'run-corrupt',
      message: expect.stringContaining(path) as string,
    })
    expect(await filesBelow(folder)).toEqual(before)
  })

  test('tells a folder that is missing from one that is no run', async () => {
    const folder = await temporaryFolder()
    await expect(open(folder)).rejects.toMatchObject({ code: 'run-corrupt' })
    await expect(open(join(folder, 'gone'))).rejects.toMatchObject({ code: 'file-not-found' })
    expect(await readdir(folder)).toEqual([])
  })

  test('refuses another base model, and names both hashes', async () => {
    const folder = await temporaryFolder()
    await (await create(folder)).close()
    const other = 'ab'.repeat(32)
    await expect(openRun(folder, settingsSchema, { expectedBase: other })).rejects.toMatchObject({
      code: 'run-mismatch',
      message: expect.stringMatching(new RegExp(`${base.sha256}.*${other}`)) as string,
    })
    await (await openRun(folder, settingsSchema, { expectedBase: base.sha256 })).close()
  })

  test('refuses a run that is open', async () => {
    const folder = await temporaryFolder()
    const run = await create(folder)
    await expect(open(folder)).rejects.toMatchObject({
      code: 'run-busy',
      message: expect.stringContaining(`process ${process.pid}`) as string,
    })
    await run.close()
    await (await open(folder)).close()
  })

  test('names the folder that it may only read, and gives no lock', async () => {
    const folder = await temporaryFolder()
    await (await create(folder)).close()
    for (const name of ['', 'lock', 'checkpoints']) await chmod(join(folder, name), 0o555)
    await asOrdinaryUser(async () => {
      await expect(open(folder)).rejects.toMatchObject({
        code: 'permission-denied',
        message: expect.stringContaining(folder) as string,
      })
      expect(await runStatus(folder)).toBe('paused')
    })
  })
})

describe('a run that is continued', () => {
  test('begins at step 0 when nothing was saved, and drops what had been measured', async () => {
    const folder = await temporaryFolder()
    const run = await create(folder)
    await train(run, 1, 7)
    await run.close()
    const again = await open(folder)
    expect(await again.resume(stateSchema)).toEqual({ checkpoint: null, warnings: [] })
    expect(await stepsOf(again)).toEqual([])
    await again.close()
  })

  test('has its newest checkpoint, and no step twice in its metrics', async () => {
    const folder = await temporaryFolder()
    const run = await create(folder)
    await train(run, 1, 37)
    await run.close()

    const again = await open(folder)
    const { checkpoint } = await again.resume(stateSchema)
    expect(checkpoint).toMatchObject({ step: 30, state: { epoch: 3 } })
    expect(checkpoint!.tensors['heads']).toEqual(tensorsAt(30)['heads'])
    await train(again, 31, 45)
    expect(await stepsOf(again)).toEqual(Array.from({ length: 45 }, (_, index) => index + 1))
    await again.close()
  })

  test('falls back to the checkpoint before a damaged one, and says so', async () => {
    const folder = await temporaryFolder()
    const run = await create(folder)
    await train(run, 1, 25)
    await run.close()
    const damaged = join(folder, 'checkpoints', checkpointName(20))
    await truncate(damaged, 30)

    const again = await open(folder)
    const { checkpoint, warnings } = await again.resume(stateSchema)
    expect(checkpoint?.step).toBe(10)
    expect(warnings).toEqual([expect.stringContaining(damaged)])
    expect(await stepsOf(again)).toHaveLength(10)
    await train(again, 11, 20)
    await again.close()
  })

  test('has events on disk that are older than its checkpoint', async () => {
    const folder = await temporaryFolder()
    const run = await create(folder)
    await train(run, 1, 10)
    // As another process sees it, without `flush`.
    expect((await readFile(join(folder, 'metrics.jsonl'), 'utf8')).split('\n')).toHaveLength(11)
    await run.close()
  })
})

test('a run is running, paused, running again, and finished', async () => {
  const folder = await temporaryFolder()
  const run = await create(folder)
  expect(await runStatus(folder)).toBe('running')
  await run.close()
  expect(await runStatus(folder)).toBe('paused')
  const resultSchema = z.object({ agreement: z.number() })
  expect(await readResult(folder, resultSchema)).toBeNull()

  const again = await open(folder)
  expect(await runStatus(folder)).toBe('running')
  await again.finish({ agreement: 0.97 })
  await again.close()
  expect(await runStatus(folder)).toBe('finished')
  expect(await readResult(folder, resultSchema)).toEqual({ agreement: 0.97 })
  await expect(readResult(folder, z.object({ loss: z.number() }))).rejects.toMatchObject({
    code: 'run-corrupt',
  })
})

describe('listRuns', () => {
  test('shows the newest first, then the broken ones, and leaves all of them as they are', async () => {
    const runs = await temporaryFolder()
    const made: Run<Settings>[] = []
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    for (const name of ['c', 'a', 'b']) {
      made.push(await create(join(runs, name)))
      vi.setSystemTime(Date.now() + 1)
    }
    await train(made[0]!, 1, 20)
    await made[0]!.close()
    await made[1]!.finish({})
    await made[1]!.close()
    await mkdir(join(runs, 'broken', 'checkpoints'), { recursive: true })
    await mkdir(join(runs, 'torn'))
    await writeFile(join(runs, 'torn', 'run.json'), '{"format":')
    await mkdir(join(runs, 'no run'))
    await writeFile(join(runs, 'run.json'), 'a file of that name beside the runs')
    const before = await filesBelow(runs)

    const list = await listRuns(runs)
    expect(list.map(({ folder, status }) => [folder.slice(runs.length + 1), status])).toEqual([
      ['b', 'running'],
      ['a', 'finished'],
      ['c', 'paused'],
      ['broken', 'broken'],
      ['torn', 'broken'],
    ])
    expect(list[2]).toMatchObject({ id: made[0]!.id, settings, base, step: 20 })
    expect(list[4]).toMatchObject({ problem: expect.stringContaining(join(runs, 'torn')) as string })
    expect(await filesBelow(runs)).toEqual(before)
    await made[2]!.close()
  })

  test('does not take a folder that is not there for one without runs', async () => {
    const folder = await temporaryFolder()
    expect(await listRuns(folder)).toEqual([])
    await expect(listRuns(join(folder, 'unmounted'))).rejects.toMatchObject({ code: 'file-not-found' })
  })
})
