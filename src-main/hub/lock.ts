import { tryLock } from '../base/file-lock.ts'
import { sleep } from './retry.ts'

export interface WaitOptions {
  readonly signal: AbortSignal
  /** Called once if another process has the lock. */
  readonly onWait: () => void
}

/** A lock from another machine that was not written for so long belongs to nobody: its process was killed or its machine is off. */
const expiresAfter = 30_000
/** The first waiting time; it doubles, because to ask when a process started costs a program's start on some systems. */
const firstWait = 500
const longestWait = 4_000

/**
 * Runs `work` while no other process, and no other caller in this one, has the lock `name`, see `tryLock`; until then it
 * waits for random times, so that two which stepped back for each other don't meet again.
 *
 * Should a lock be lost all the same (a machine that slept), no harm comes of it: whoever fetches a blob writes the same
 * bytes to the same places, and verifies them.
 *
 * @throws SpellmError 'permission-denied' | 'disk-full'; CancelledError while it waits; and as `work`
 */
export async function withLock<T>(
  folder: string,
  name: string,
  { signal, onWait }: WaitOptions,
  work: () => Promise<T>,
): Promise<T> {
  for (let waits = 0; ; waits++) {
    const attempt = await tryLock({ folder, name }, { expiresAfter })
    if (attempt.holder === null) {
      try {
        return await work()
      } finally {
        await attempt.release()
      }
    }
    // The first refusal may be a dead heat, after which nobody holds it.
    if (waits === 1) onWait()
    await sleep(Math.min(firstWait * 2 ** waits, longestWait) * (0.5 + Math.random()), signal)
  }
}
