import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { filesBelow, temporaryFolder } from '../runs/testing/temporary-folder.ts'
import { isSameProcess, lockHolder, lockName, parseLockName, tryLock, type LockOptions } from './file-lock.ts'
import { livingProcess, ownerOf } from './testing/lock-owners.ts'

/** A lock that a process seems to have taken, `age` milliseconds ago. */
async function placeLockedBy(owner: Parameters<typeof lockName>[0], age = 0) {
  const folder = await temporaryFolder()
  const path = join(folder, lockName(owner))
  await writeFile(path, '')
  const written = new Date(Date.now() - age)
  await utimes(path, written, written)
  return { place: { folder }, path }
}

/** Takes a lock and gives it back at once; says who was in the way. */
async function holderMet(...parameters: Parameters<typeof tryLock>) {
  const attempt = await tryLock(...parameters)
  if (attempt.holder === null) await attempt.release()
  return attempt.holder
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
  ['the start is not known now', '1', { alive: true, started: null } as const, null],
  ['the start was not known then', null, { alive: true, started: '2' } as const, null],
])('isSameProcess: %s', (_, started, state, expected) => {
  expect(isSameProcess({ pid: 1, started, host: 'h' }, state)).toBe(expected)
})

describe.each<[string, LockOptions]>([
  ['a lock', {}],
  ['a lock that expires', { expiresAfter: 30_000 }],
])('%s', (_, options) => {
  test('locks out a second user in the same process until released', async () => {
    const place = { folder: await temporaryFolder() }
    const attempt = await tryLock(place, options)
    expect(await holderMet(place, options)).toMatchObject({ pid: process.pid })
    expect(await lockHolder(place)).toMatchObject({ pid: process.pid })
    if (attempt.holder === null) await attempt.release()
    expect(await lockHolder(place)).toBeNull()
    expect(await holderMet(place, options)).toBeNull()
  })

  test('is refused while another process lives, however old it is, and left; taken over when that was killed', async () => {
    const other = livingProcess()
    const owner = await ownerOf(other.pid!)
    const { place, path } = await placeLockedBy(owner, 3_600_000)
    expect(await tryLock(place, options)).toEqual({ holder: owner, path })
    expect(await readdir(place.folder)).toEqual([lockName(owner)])

    other.kill('SIGKILL')
    await once(other, 'exit')
    expect(await holderMet(place, options)).toBeNull()
    expect(await readdir(place.folder)).toEqual([])
  })

  test('is taken over when the process id now belongs to another process', async () => {
    const owner = { ...(await ownerOf(livingProcess().pid!)), started: '1-000000000000' }
    const { place } = await placeLockedBy(owner)
    expect(await lockHolder(place)).toBeNull()
    expect(await holderMet(place, options)).toBeNull()
    expect(await readdir(place.folder)).toEqual([])
  })

  test('leaves files that are no locks, and locks of another name', async () => {
    const folder = await temporaryFolder()
    const owner = await ownerOf(livingProcess().pid!)
    const others = ['.DS_Store', 'b.lock', `bb.${lockName(owner)}`, `c.${lockName(owner)}`]
    for (const name of others) await writeFile(join(folder, name), '')
    expect(await holderMet({ folder, name: 'b' }, options)).toBeNull()
    expect(await readdir(folder)).toEqual(others)
    expect(await holderMet({ folder, name: 'c' }, options)).toEqual(owner)
  })
})

describe.each([
  ['another machine', { pid: 4711, started: '1', host: 'elsewhere' }],
  ['a process whose start was not known', { pid: process.ppid, started: null, host: hostname() }],
])('a lock of %s', (_, owner) => {
  test('is never taken over where locks do not expire', async () => {
    const { place, path } = await placeLockedBy(owner, 3_600_000)
    expect(await tryLock(place)).toEqual({ holder: owner, path })
    expect(await lockHolder(place)).toEqual(owner)
  })

  test('holds while it is written and not for ever where they do', async () => {
    const fresh = await placeLockedBy(owner, 20_000)
    expect(await holderMet(fresh.place, { expiresAfter: 30_000 })).toEqual(owner)
    const old = await placeLockedBy(owner, 40_000)
    expect(await holderMet(old.place, { expiresAfter: 30_000 })).toBeNull()
    expect(await readdir(old.place.folder)).toEqual([])
  })
})

test('a lock that expires is written while it is held, and gone after', async () => {
  const folder = await temporaryFolder()
  const attempt = await tryLock({ folder }, { expiresAfter: 60 })
  const [file] = await filesBelow(folder)
  const longAgo = new Date(0)
  await utimes(join(folder, file!), longAgo, longAgo)
  expect(attempt.holder).toBeNull()
  await expect.poll(async () => (await stat(join(folder, file!))).mtimeMs).toBeGreaterThan(0)
  if (attempt.holder === null) await attempt.release()
  expect(await filesBelow(folder)).toEqual([])
})

test('what the system refuses is said with the path', async () => {
  const file = join(await temporaryFolder(), 'file')
  await writeFile(file, '')
  await expect(tryLock({ folder: join(file, 'lock') })).rejects.toMatchObject({
    name: 'SpellmError',
    message: expect.stringContaining(join(file, 'lock')) as string,
  })
  await expect(tryLock({ folder: file })).rejects.toMatchObject({
    code: 'file-exists',
    message: expect.stringContaining(file) as string,
  })
})

test.each<[string, string]>([
  ['a lock', 'never'],
  ['a lock that expires', '30000'],
])('%s lets in one of several processes at a time', async (_, expiresAfter) => {
  const folder = await temporaryFolder()
  const script = join(import.meta.dirname, 'testing', 'contend.ts')
  const results = await Promise.all(
    [1, 2, 3].map(async () => {
      const child = spawn(process.execPath, ['--import', 'tsx', script, folder, '400', expiresAfter])
      let output = ''
      child.stdout.on('data', (block: Buffer) => (output += block.toString()))
      child.stderr.on('data', (block: Buffer) => (output += block.toString()))
      const [status] = (await once(child, 'close')) as [number]
      return { status, output }
    }),
  )
  for (const { status, output } of results) expect(status, output).toBe(0)
  expect(results.reduce((sum, { output }) => sum + Number(output), 0)).toBeGreaterThan(0)
  expect(await filesBelow(folder)).toEqual([])
})
