import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describeSystemError } from '../base/errors.ts'
import { isProcessAlive } from '../base/process-alive.ts'
import { sleep } from './retry.ts'

export interface LockOptions {
  readonly signal: AbortSignal
  /** Called once if another process has the lock. */
  readonly onWait: () => void
}

/** While a lock is held, its file is written this often. */
const heartbeat = 5_000
/** A lock that was not written for so long belongs to nobody: its process was killed or its machine is off. */
const staleAfter = 30_000
const waitingTime = 500

/**
 * Runs `work` while no other process, and no other caller in this one, has the lock `name`.
 *
 * Everyone first announces itself by a file of its own and then looks for others, so of two at most one can
 * believe that it is alone; in a dead heat both step back for a random time. A file whose process is gone is
 * removed. Should a lock be lost all the same (a suspended machine), no harm comes of it: whoever fetches a blob
 * writes the same bytes to the same places, and verifies them.
 *
 * @throws SpellmError 'permission-denied' | 'disk-full'; CancelledError while it waits; and as `work`
 */
export async function withLock<T>(
  folder: string,
  name: string,
  { signal, onWait }: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const own = `${name}.${process.pid}-${randomBytes(6).toString('hex')}@${thisHost()}`
  const path = join(folder, own)
  const announce = () => writeFile(path, new Date().toISOString())
  try {
    await mkdir(folder, { recursive: true })
    for (let waits = 0; ; waits++) {
      await announce()
      if (!(await hasRival(folder, name, own))) break
      await rm(path, { force: true })
      if (waits === 1) onWait()
      await sleep(waitingTime * (0.5 + Math.random()), signal)
    }
  } catch (error) {
    await rm(path, { force: true })
    throw describeSystemError(error, path)
  }
  let beat = Promise.resolve()
  const timer = setInterval(() => {
    // A heartbeat that can't be written matters only to those who wait, and `work` meets the same disk.
    beat = announce().catch(() => undefined)
  }, heartbeat)
  try {
    return await work()
  } finally {
    clearInterval(timer)
    // Or it would come back after its removal.
    await beat
    await rm(path, { force: true })
  }
}

async function hasRival(folder: string, name: string, own: string): Promise<boolean> {
  // The file system's own clock: that of another machine may differ.
  const now = (await stat(join(folder, own))).mtimeMs
  let found = false
  for (const other of await readdir(folder)) {
    if (other === own || !other.startsWith(`${name}.`)) continue
    const owner = /\.(\d+)-[0-9a-f]{12}@(.*)$/.exec(other.slice(name.length))
    if (!owner) continue
    const age = await stat(join(folder, other)).then(
      ({ mtimeMs }) => now - mtimeMs,
      () => Infinity,
    )
    const isGone = owner[2] === thisHost() && !isProcessAlive(Number(owner[1]))
    if (isGone || age > staleAfter) await rm(join(folder, other), { force: true })
    else found = true
  }
  return found
}

function thisHost(): string {
  return hostname()
    .replace(/[^A-Za-z0-9.-]/g, '-')
    .slice(0, 60)
}
