import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { lockFolder } from './layout.ts'
import { acquireLock, isSameProcess, lockHolder, lockName, parseLockName, type LockOwner } from './lock.ts'
import { processState } from './process-start.ts'
import { filesBelow, temporaryFolder } from './testing/temporary-folder.ts'

function livingProcess(): ChildProcess {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

async function ownerOf(pid: number): Promise<LockOwner> {
  const state = await processState(pid)
  return { pid, started: state.alive ? state.started : null, host: hostname() }
}

async function runLockedBy(owner: LockOwner): Promise<string> {
  const run = await temporaryFolder()
  await mkdir(join(run, lockFolder))
  await writeFile(join(run, lockFolder, lockName(owner)), '')
  return run
}

describe('the name of a lock', () => {
  test('holds the whole owner', () => {
    const owner = { pid: 4711, started: '98765-3f2a', host: 'gpu-1.example' }
    expect(lockName(owner)).toBe('4711_98765-3f2a_gpu-1.example')
    expect(parseLockName(lockName(owner))).toEqual(owner)
    expect(parseLockName(lockName({ ...owner, started: null }))).toEqual({ ...owner, started: null })
  })

  test.each(['', '.DS_Store', 'lock', '0_1_h', '-1_1_h', '12345678901_1_h', '1_2', '1_2_h.tmp~', '1_2_a_b'])(
    'is not %j',
    (name) => expect(parseLockName(name)).toBeNull(),
  )
})

test.each([
  ['the process is gone', '1', { alive: false } as const, false],
  ['it is the same process', '1', { alive: true, started: '1' } as const, true],
  ['its id was given to another process', '1', { alive: true, started: '2' } as const, false],
  ['the start is not known now', '1', { alive: true, started: null } as const, true],
  ['the start was not known then', null, { alive: true, started: '2' } as const, true],
])('isSameProcess: %s', (_, started, state, expected) => {
  expect(isSameProcess({ pid: 1, started, host: 'h' }, state)).toBe(expected)
})

describe('acquireLock', () => {
  test('locks out a second user in the same process until released', async () => {
    const run = await temporaryFolder()
    const release = await acquireLock(run)
    await expect(acquireLock(run)).rejects.toMatchObject({
      code: 'run-busy',
      message: expect.stringContaining(`process ${process.pid}`) as string,
    })
    expect(await lockHolder(run)).toMatchObject({ pid: process.pid })
    await release()
    expect(await lockHolder(run)).toBeNull()
    await (
      await acquireLock(run)
    )()
  })

  test('is refused while another process lives, names it, and leaves its lock; taken over when it was killed', async () => {
    const other = livingProcess()
    const run = await runLockedBy(await ownerOf(other.pid!))
    const before = await filesBelow(run)
    await expect(acquireLock(run)).rejects.toMatchObject({
      code: 'run-busy',
      message: expect.stringContaining(`process ${other.pid!}`) as string,
    })
    expect(await filesBelow(run)).toEqual(before)

    other.kill('SIGKILL')
    await once(other, 'exit')
    const release = await acquireLock(run)
    expect(await readdir(join(run, lockFolder))).toHaveLength(1)
    expect(await lockHolder(run)).toMatchObject({ pid: process.pid })
    await release()
  })

  test('takes over a lock whose process id now belongs to another process', async () => {
    const other = livingProcess()
    const owner = { ...(await ownerOf(other.pid!)), started: '1-000000000000' }
    const run = await runLockedBy(owner)
    expect(await lockHolder(run)).toBeNull()
    const release = await acquireLock(run)
    expect(await readdir(join(run, lockFolder))).not.toContain(lockName(owner))
    await release()
  })

  test('never takes over from another machine, and says which file to delete', async () => {
    const owner = { pid: 4711, started: '1', host: 'elsewhere' }
    const run = await runLockedBy(owner)
    await expect(acquireLock(run)).rejects.toMatchObject({
      code: 'run-busy',
      message: expect.stringContaining("'elsewhere'") as string,
      remedy: expect.stringContaining(join(run, lockFolder, lockName(owner))) as string,
    })
  })

  test('passes over files that are no locks', async () => {
    const run = await temporaryFolder()
    await mkdir(join(run, lockFolder))
    await writeFile(join(run, lockFolder, '.DS_Store'), '')
    await (
      await acquireLock(run)
    )()
    expect(await readdir(join(run, lockFolder))).toEqual(['.DS_Store'])
  })

  test('lets in one of several processes at a time', async () => {
    const run = await temporaryFolder()
    const script = join(import.meta.dirname, 'testing', 'contend.ts')
    const results = await Promise.all(
      [1, 2, 3].map(async () => {
        const child = spawn(process.execPath, ['--import', 'tsx', script, run, '400'])
        let output = ''
        child.stdout.on('data', (block: Buffer) => (output += block.toString()))
        child.stderr.on('data', (block: Buffer) => (output += block.toString()))
        const [status] = (await once(child, 'close')) as [number]
        return { status, output }
      }),
    )
    for (const { status, output } of results) expect(status, output).toBe(0)
    expect(results.reduce((sum, { output }) => sum + Number(output), 0)).toBeGreaterThan(0)
    expect(await filesBelow(run)).toEqual([])
  })
})
