import { lstat, rm } from 'node:fs/promises'
import { describeSystemError, SpellmError } from '../base/errors.ts'
import { acquireLock } from './lock.ts'
import { looksLikeRun } from './status.ts'

/**
 * Deletes the folder of a run with everything in it.
 *
 * @throws SpellmError 'file-not-found' (it isn't there, is a link, or holds no run) | 'run-busy' (open in a
 *   living process) | 'permission-denied'
 */
export async function deleteRun(folder: string): Promise<void> {
  const found = await lstat(folder).catch((error: unknown) => {
    throw describeSystemError(error, folder)
  })
  if (!found.isDirectory() || !(await looksLikeRun(folder)))
    throw new SpellmError(
      'file-not-found',
      `${folder} is not the folder of a run.`,
      'Delete it by hand if you want it gone.',
    )
  const release = await acquireLock(folder)
  try {
    await rm(folder, { recursive: true })
  } catch (error) {
    await release()
    throw describeSystemError(error, folder)
  }
}
