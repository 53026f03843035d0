import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lockName, type LockOwner } from '../base/file-lock.ts'
import { livingProcess, ownerOf } from '../base/testing/lock-owners.ts'
import { lockFolder } from './layout.ts'
import { acquireLock, runHolder } from './lock.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

async function runLockedBy(owner: LockOwner): Promise<string> {
  const run = await temporaryFolder()
  await mkdir(join(run, lockFolder))
  await writeFile(join(run, lockFolder, lockName(owner)), '')
  return run
}

test('a run that this process has open is refused until it is closed', async () => {
  const run = await temporaryFolder()
  const release = await acquireLock(run)
  await expect(acquireLock(run)).rejects.toMatchObject({
    code: 'run-busy',
    message: `${run}: the run is open in process ${process.pid}, and only one process may work on it.`,
  })
  expect(await runHolder(run)).toMatchObject({ pid: process.pid })
  await release()
  expect(await runHolder(run)).toBeNull()
})

test('a run that another process has open is refused, and its process named', async () => {
  const { pid } = livingProcess()
  const run = await runLockedBy(await ownerOf(pid!))
  await expect(acquireLock(run)).rejects.toMatchObject({
    code: 'run-busy',
    message: expect.stringContaining(`process ${pid!},`) as string,
  })
})

test('a run is taken over from a process whose id now belongs to another one', async () => {
  const run = await runLockedBy({ ...(await ownerOf(livingProcess().pid!)), started: '1-000000000000' })
  expect(await runHolder(run)).toBeNull()
  await (
    await acquireLock(run)
  )()
})

test('a run is never taken over from another machine; what to delete is said', async () => {
  const owner = { pid: 4711, started: '1', host: 'elsewhere' }
  const run = await runLockedBy(owner)
  await expect(acquireLock(run)).rejects.toMatchObject({
    code: 'run-busy',
    message: expect.stringContaining("process 4711 on the machine 'elsewhere',") as string,
    remedy: expect.stringContaining(join(run, lockFolder, lockName(owner))) as string,
  })
})
