import { join } from 'node:path'
import { SpellmError } from '../base/errors.ts'
import { isOfThisMachine, lockHolder, tryLock, type LockOwner } from '../base/file-lock.ts'
import { lockFolder } from './layout.ts'

/**
 * Takes the lock of a run for this process, see `tryLock`. One from another machine is never taken over.
 *
 * @returns releases the lock
 * @throws SpellmError 'run-busy' (names the pid) | 'permission-denied' | 'disk-full'
 */
export async function acquireLock(run: string): Promise<() => Promise<void>> {
  const attempt = await tryLock({ folder: join(run, lockFolder) })
  if (attempt.holder === null) return attempt.release
  const elsewhere = isOfThisMachine(attempt.holder) ? '' : ` on the machine '${attempt.holder.host}'`
  throw new SpellmError(
    'run-busy',
    `${run}: the run is open in process ${attempt.holder.pid}${elsewhere}, and only one process may work on it.`,
    `Stop that process or wait until it is done; if it doesn't exist, delete ${attempt.path}.`,
  )
}

/** The living process that has the run open, or null. Changes nothing on disk. */
export function runHolder(run: string): Promise<LockOwner | null> {
  return lockHolder({ folder: join(run, lockFolder) })
}
