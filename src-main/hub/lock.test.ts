import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { CancelledError } from '../base/errors.ts'
import { withLock } from './lock.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spellm-hub-lock-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const lock = <T>(work: () => Promise<T>, signal = new AbortController().signal, onWait = () => undefined) =>
  withLock(folder, 'blob', { signal, onWait }, work)

it('lets one at a time in', async () => {
  let inside = 0
  let most = 0
  const work = async () => {
    most = Math.max(most, ++inside)
    await new Promise((resolve) => setTimeout(resolve, 50))
    inside--
  }
  await Promise.all(Array.from({ length: 5 }, () => lock(work)))
  expect(most).toBe(1)
  expect(await readdir(folder)).toEqual([])
})

it('is given back when the work fails', async () => {
  await expect(lock(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed')
  expect(await lock(() => Promise.resolve(1))).toBe(1)
})

it('of another machine holds while it is written, and not for ever', async () => {
  const other = join(folder, 'blob.1-0123456789ab@elsewhere')
  await writeFile(other, '')
  const stop = new AbortController()
  let waited = false
  const waiting = lock(
    () => Promise.resolve('in'),
    stop.signal,
    () => {
      waited = true
      stop.abort()
    },
  )
  await expect(waiting).rejects.toBeInstanceOf(CancelledError)
  expect(waited).toBe(true)
  expect(await readdir(folder)).toEqual(['blob.1-0123456789ab@elsewhere'])

  const longAgo = new Date(Date.now() - 60_000)
  await utimes(other, longAgo, longAgo)
  expect(await lock(() => Promise.resolve('in'))).toBe('in')
})

it('of another name, or of another program, is nothing to wait for', async () => {
  await writeFile(join(folder, 'blob2.1-0123456789ab@elsewhere'), '')
  await writeFile(join(folder, 'blob.lock'), '')
  expect(await lock(() => Promise.resolve('in'))).toBe('in')
  expect((await readdir(folder)).length).toBe(2)
})
