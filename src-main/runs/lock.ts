import { mkdir, open, readdir, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describeSystemError, SpellmError } from '../base/errors.ts'
import { lockFolder } from './layout.ts'
import { processState, type ProcessState } from './process-start.ts'

/** The process that a lock belongs to. */
export interface LockOwner {
  readonly pid: number
  /** See `processState`; null where the system can't tell. */
  readonly started: string | null
  readonly host: string
}

/**
 * Takes the lock of a run for this process.
 *
 * Every process first announces itself by creating a file under its own name and then looks for others, so
 * of two processes at most one can believe that it is alone; in a dead heat both step back. Since the name
 * says everything, no half-written lock exists, and the file of a dead process can be removed at any time: no
 * living process ever has that name.
 *
 * @returns releases the lock
 * @throws SpellmError 'run-busy' (names the pid) | 'permission-denied' | 'disk-full'
 */
export async function acquireLock(run: string): Promise<() => Promise<void>> {
  const folder = join(run, lockFolder)
  const own = await ownIdentity()
  const ownName = lockName(own)
  const path = join(folder, ownName)
  try {
    await mkdir(folder, { recursive: true })
    await (await open(path, 'wx')).close()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw busy(run, own)
    throw describeSystemError(error, path)
  }
  const release = () => rm(path, { force: true })
  try {
    for (const owner of await owners(run)) {
      const name = lockName(owner)
      if (name === ownName) continue
      if (await isHeld(owner)) throw busy(run, owner)
      await rm(join(folder, name), { force: true })
    }
    return release
  } catch (error) {
    await release()
    throw describeSystemError(error, folder)
  }
}

/** The living process that has the run open, or null. Changes nothing on disk. */
export async function lockHolder(run: string): Promise<LockOwner | null> {
  for (const owner of await owners(run)) if (await isHeld(owner)) return owner
  return null
}

async function owners(run: string): Promise<LockOwner[]> {
  try {
    const names = await readdir(join(run, lockFolder))
    return names.map(parseLockName).filter((owner) => owner !== null)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw describeSystemError(error, join(run, lockFolder))
  }
}

const unknownStart = 'unknown'

/** The file name that stands for an owner: `4711_98765-3f2a_host.name`. */
export function lockName({ pid, started, host }: LockOwner): string {
  return `${pid}_${started ?? unknownStart}_${host}`
}

/** The owner that a file name stands for, or null if it isn't the name of a lock. */
export function parseLockName(name: string): LockOwner | null {
  const match = /^([1-9]\d{0,9})_([A-Za-z0-9-]+)_([A-Za-z0-9.-]+)$/.exec(name)
  if (match === null) return null
  const started = match[2]!
  return { pid: Number(match[1]), started: started === unknownStart ? null : started, host: match[3]! }
}

async function isHeld(owner: LockOwner): Promise<boolean> {
  if (owner.host !== thisHost()) return true
  return isSameProcess(owner, await processState(owner.pid))
}

/** Whether a living process of the owner's id is the owner itself. In doubt, yes: a false no loses data. */
export function isSameProcess(owner: LockOwner, state: ProcessState): boolean {
  if (!state.alive) return false
  return owner.started === null || state.started === null || owner.started === state.started
}

let identity: Promise<LockOwner> | undefined

function ownIdentity(): Promise<LockOwner> {
  identity ??= processState(process.pid).then((state) => ({
    pid: process.pid,
    started: state.alive ? state.started : null,
    host: thisHost(),
  }))
  return identity
}

function thisHost(): string {
  return (
    hostname()
      .replace(/[^A-Za-z0-9.-]/g, '-')
      .slice(0, 100) || 'localhost'
  )
}

function busy(run: string, owner: LockOwner): SpellmError {
  const elsewhere = owner.host === thisHost() ? '' : ` on the machine '${owner.host}'`
  return new SpellmError(
    'run-busy',
    `${run}: the run is open in process ${owner.pid}${elsewhere}, and only one process may work on it.`,
    `Stop that process or wait until it is done; if it doesn't exist, delete ${join(run, lockFolder, lockName(owner))}.`,
  )
}
