import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { seededRandom } from '../base/random.ts'
import { lockFolder } from './layout.ts'
import { createRun, openRun } from './run.ts'
import { runStatus } from './status.ts'
import { collect } from './testing/collect.ts'
import { eventSchema, lossAt, newRun, settingsSchema, stateSchema, tensorsAt } from './testing/practice.ts'
import { filesBelow, temporaryFolder } from './testing/temporary-folder.ts'

interface Child {
  readonly process: ChildProcess
  /** Resolves when the program is loaded and waits. */
  readonly ready: Promise<unknown>
  /** Resolves when it has printed so many numbers, or has ended. */
  hasPrinted(numbers: number): Promise<void>
  /** The last number that it has printed: the step of its newest checkpoint, or the newest of its runs. */
  lastNumber(): number
  errors(): string
}

function startChild(script: string, folder: string): Child {
  const path = join(import.meta.dirname, 'testing', script)
  const child = spawn(process.execPath, ['--import', 'tsx', path, folder])
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines = createInterface(child.stdout)
  const ready = once(lines, 'line')
  let last = 0
  let printed = 0
  lines.on('line', (line) => {
    if (line === 'ready') return
    last = Number(line)
    printed++
  })
  const hasPrinted = async (numbers: number) => {
    while (printed < numbers && child.exitCode === null)
      await Promise.race([once(lines, 'line'), once(child, 'close')])
  }
  let errors = ''
  child.stderr.on('data', (block: Buffer) => (errors += block.toString()))
  return { process: child, ready, hasPrinted, lastNumber: () => last, errors: () => errors }
}

/** Lets a child go and kills it `ms` after it has printed so many numbers. */
async function killAfter(started: Child, numbers: number, ms: number): Promise<void> {
  const { process: child, ready } = started
  await ready
  const closed = once(child, 'close')
  child.stdin!.write('go\n')
  await started.hasPrinted(numbers)
  await setTimeout(ms)
  child.kill('SIGKILL')
  const [, signal] = (await closed) as [number | null, string | null]
  expect(signal, started.errors()).toBe('SIGKILL')
}

test('killed at 20 random moments, a run loses nothing but the work since its last checkpoint', async () => {
  const folder = join(await temporaryFolder(), 'run')
  const kills = 20
  const random = seededRandom(1)
  let step = 0
  let next = startChild('train-until-killed.ts', folder)
  for (let kill = 1; kill <= kills; kill++) {
    const trainer = next
    await trainer.ready
    // The next one loads while this one works.
    if (kill < kills) next = startChild('train-until-killed.ts', folder)
    // The first ones die while they make the run, the others anywhere after a checkpoint, soon or late.
    const [saved, ms] = kill <= 3 ? [0, 10 * random.uniform()] : [1 + random.below(3), 40 * random.uniform()]
    await killAfter(trainer, saved, ms)
    if (!existsSync(join(folder, 'run.json'))) continue
    expect(await runStatus(folder)).toBe('paused')

    const run = await openRun(folder, settingsSchema)
    const left = await filesBelow(folder)
    expect(left.filter((name) => name.includes('.tmp'))).toEqual([])
    expect(await readdir(join(folder, lockFolder))).toEqual([
      expect.stringMatching(new RegExp(`^${process.pid}_`)),
    ])

    const { checkpoint, warnings } = await run.resume(stateSchema)
    expect(warnings).toEqual([])
    const found = checkpoint?.step ?? 0
    expect(found, `kill ${kill}, ${ms} ms after ${saved} checkpoints`).toBeGreaterThanOrEqual(
      Math.max(step, trainer.lastNumber()),
    )
    if (checkpoint !== null) {
      expect(checkpoint.state).toEqual({ step: found })
      const expected = tensorsAt(found)
      for (const name of ['parameters', 'moments'])
        expect(Buffer.compare(bytes(checkpoint.tensors[name]!.data), bytes(expected[name]!.data))).toBe(0)
    }
    expect(await collect(run.readMetrics(eventSchema))).toEqual(
      Array.from({ length: found }, (_, index) => ({ step: index + 1, loss: lossAt(index + 1) })),
    )
    step = found
    await run.close()
  }
  expect(step).toBeGreaterThan(0)
}, 300_000)

test('killed while it makes runs, a process leaves a run or room for one', async () => {
  const parent = await temporaryFolder()
  const random = seededRandom(2)
  let made = 0
  for (let kill = 1; kill <= 4; kill++) {
    const folder = join(parent, String(kill))
    const maker = startChild('create-until-killed.ts', folder)
    await killAfter(maker, 1 + random.below(3), 20 * random.uniform())
    for (const name of await readdir(folder).catch(() => [])) {
      const path = join(folder, name)
      const run = (await filesBelow(path)).includes('run.json')
        ? await openRun(path, settingsSchema)
        : await createRun(path, settingsSchema, newRun)
      expect((await filesBelow(path)).filter((file) => !file.startsWith(lockFolder))).toEqual([
        'metrics.jsonl',
        'run.json',
      ])
      await run.close()
      made++
    }
  }
  expect(made).toBeGreaterThanOrEqual(4)
}, 300_000)

function bytes(data: Float32Array): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
}
