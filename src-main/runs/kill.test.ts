import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
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
  /** The last number that it has printed: the step of its newest checkpoint. */
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
  lines.on('line', (line) => (last = Number(line) || last))
  let errors = ''
  child.stderr.on('data', (block: Buffer) => (errors += block.toString()))
  return { process: child, ready, lastNumber: () => last, errors: () => errors }
}

/** Lets a child go and kills it after `ms`. */
async function killAfter(started: Child, ms: number): Promise<void> {
  const { process: child, ready } = started
  await ready
  const closed = once(child, 'close')
  child.stdin!.write('go\n')
  await setTimeout(ms)
  child.kill('SIGKILL')
  const [, signal] = (await closed) as [number | null, string | null]
  expect(signal, started.errors()).toBe('SIGKILL')
}

test('killed at 20 random moments, a run loses nothing but the work since its last checkpoint', async () => {
  const folder = join(await temporaryFolder(), 'run')
  const kills = 20
  let step = 0
  let next = startChild('train-until-killed.ts', folder)
  for (let kill = 1; kill <= kills; kill++) {
    const trainer = next
    await trainer.ready
    // The next one loads while this one works.
    if (kill < kills) next = startChild('train-until-killed.ts', folder)
    // The first ones die while they make the run, the others anywhere.
    const ms = kill <= 3 ? Math.random() * 10 : Math.random() * 120
    await killAfter(trainer, ms)
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
    expect(found, `killed after ${ms} ms`).toBeGreaterThanOrEqual(Math.max(step, trainer.lastNumber()))
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
})

test('killed while it makes runs, a process leaves a run or room for one', async () => {
  const parent = await temporaryFolder()
  let made = 0
  for (let kill = 1; kill <= 4; kill++) {
    const folder = join(parent, String(kill))
    const maker = startChild('create-until-killed.ts', folder)
    await killAfter(maker, Math.random() * 60)
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
  expect(made).toBeGreaterThan(0)
})

function bytes(data: Float32Array): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
}
