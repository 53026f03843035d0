import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest'
import { CancelledError } from '../base/errors.ts'
import { lockName, type LockOwner } from '../base/file-lock.ts'
import { livingProcess, ownerOf } from '../base/testing/lock-owners.ts'
import { withLock } from './lock.ts'

let parent = ''
let folder = ''
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'spellm-hub-lock-'))
  folder = join(parent, 'locks')
  await mkdir(folder)
})
afterEach(() => rm(parent, { recursive: true, force: true }))

const lock = <T>(
  work: () => Promise<T>,
  onWait: () => void = () => undefined,
  signal = new AbortController().signal,
) => withLock(folder, 'blob', { signal, onWait }, work)
const enter = () => Promise.resolve('in')

/** Waits until it is sure that somebody else has the lock, and goes. */
async function expectRefused(): Promise<void> {
  const stop = new AbortController()
  await expect(lock(enter, () => stop.abort(), stop.signal)).rejects.toBeInstanceOf(CancelledError)
}

async function lockBy(owner: LockOwner): Promise<string> {
  const path = join(folder, `blob.${lockName(owner)}`)
  await writeFile(path, '')
  return path
}

function startHolder(rounds: string) {
  const script = join(import.meta.dirname, 'testing', 'hold-lock.ts')
  const child = spawn(process.execPath, ['--import', 'tsx', script, parent, 'blob', rounds])
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stdout.resume()
  let errors = ''
  child.stderr.on('data', (block: Buffer) => (errors += block.toString()))
  return Object.assign(child, { errors: () => errors })
}

it('lets one at a time in', async () => {
  const callers = 5
  let inside = 0
  let most = 0
  let waiting = 0
  let release = () => {}
  const othersWait = new Promise<void>((resolve) => (release = resolve))
  const work = async () => {
    most = Math.max(most, ++inside)
    // Whoever comes first stays until all others were refused.
    await othersWait
    inside--
  }
  const onWait = () => {
    if (++waiting === callers - 1) release()
  }
  await Promise.all(Array.from({ length: callers }, () => lock(work, onWait)))
  expect(most).toBe(1)
  expect(await readdir(folder)).toEqual([])
})

it('is given back when the work fails', async () => {
  await expect(lock(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed')
  expect(await lock(enter)).toBe('in')
})

it('of another machine holds while it is written, and not for ever', async () => {
  const owner = { pid: 1, started: '1', host: 'elsewhere' }
  const other = await lockBy(owner)
  await expectRefused()
  expect(await readdir(folder)).toEqual([`blob.${lockName(owner)}`])

  const longAgo = new Date(Date.now() - 60_000)
  await utimes(other, longAgo, longAgo)
  expect(await lock(enter)).toBe('in')
})

it('holds while its process lives, and is taken over when that is killed', async () => {
  const holder = startHolder('for-ever')
  await once(holder.stdout, 'data')
  let waited = false
  const onWait = () => {
    waited = true
    holder.kill('SIGKILL')
  }
  expect(await lock(enter, onWait)).toBe('in')
  expect(waited).toBe(true)
  expect(await readdir(folder)).toEqual([])
})

it('is taken over at once when the process id now belongs to another process', async () => {
  const owner = await ownerOf(livingProcess().pid!)
  await lockBy({ ...owner, started: '1-000000000000' })
  expect(await lock(enter, () => expect.unreachable())).toBe('in')
  await lockBy(owner)
  await expectRefused()
})

it('lets in one of two processes at a time', async () => {
  const work = async () => {
    const holder = startHolder('5')
    const [status] = (await once(holder, 'close')) as [number]
    expect(status, holder.errors()).toBe(0)
  }
  await Promise.all([work(), work()])
  expect(await readdir(folder)).toEqual([])
})

it('of another name, or of another program, is nothing to wait for', async () => {
  await writeFile(join(folder, 'blob2.1_1_elsewhere'), '')
  await writeFile(join(folder, 'blob.lock'), '')
  expect(await lock(enter)).toBe('in')
  expect((await readdir(folder)).length).toBe(2)
})
