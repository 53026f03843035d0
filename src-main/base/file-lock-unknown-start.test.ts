import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { lockName, tryLock } from './file-lock.ts'

vi.mock('./process-state.ts', () => ({
  processState: () => Promise.resolve({ alive: true, started: null }),
}))

it('where nobody knows when processes start, takes over what an earlier process with this id left, and only that', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spellm-lock-'))
  const own = { pid: process.pid, started: null, host: hostname() }
  await writeFile(join(folder, lockName(own)), '')
  const attempts = await Promise.all([tryLock({ folder }), tryLock({ folder })])
  const taken = attempts.filter(({ holder }) => holder === null)
  expect(taken).toHaveLength(1)
  expect(attempts.find(({ holder }) => holder !== null)?.holder).toEqual(own)
  expect((await tryLock({ folder })).holder).toEqual(own)
  const [lock] = taken
  if (lock?.holder === null) await lock.release()
  expect(await readdir(folder)).toEqual([])
  expect((await tryLock({ folder })).holder).toBeNull()
  await rm(folder, { recursive: true })
})
