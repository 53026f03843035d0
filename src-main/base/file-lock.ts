import { mkdir, open, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describeSystemError, SpellmError } from './errors.ts'
import { processState, type ProcessState } from './process-state.ts'

/** The process that a lock belongs to. */
export interface LockOwner {
  readonly pid: number
  /** See `processState`; null where the system can't tell. */
  readonly started: string | null
  readonly host: string
}

/** Where a lock is: in `folder`, as a file whose name says who holds it. */
export interface LockPlace {
  readonly folder: string
  /** Tells apart the locks that share a folder; absent where it has only one. */
  readonly name?: string
}

export interface LockOptions {
  /**
   * Milliseconds after which a lock counts as left behind if it wasn't written since and its holder can't be asked, because it
   * runs on another machine or the system can't tell when it started. While such a lock is held, its file is written six times
   * as often. All users of a lock must give the same. Absent: in doubt, a lock is held for ever.
   */
  readonly expiresAfter?: number
}

/** What `tryLock` came to: the lock, to be released, or the process that holds it, and its file. */
export type LockAttempt =
  | { readonly holder: null; readonly release: () => Promise<void> }
  | { readonly holder: LockOwner; readonly path: string }

/**
 * Takes a lock for this process, unless another process, or another caller in this one, holds it. Never waits.
 *
 * Every process first announces itself by creating a file under its own name and then looks for others, so
 * of two processes at most one can believe that it is alone; in a dead heat both step back. Since the name
 * says everything, no half-written lock exists, and the file of a dead process can be removed at any time: no
 * living process ever has that name.
 *
 * @throws SpellmError 'permission-denied' | 'disk-full' | 'file-exists' (a file stands where the folder should)
 */
export async function tryLock(
  place: LockPlace,
  { expiresAfter = Infinity }: LockOptions = {},
): Promise<LockAttempt> {
  const own = await ownIdentity()
  const path = lockPath(place, own)
  if (held.has(path)) return { holder: own, path }
  held.add(path)
  const attempt = await tryPath(place, own, path, expiresAfter).catch((error: unknown) => {
    held.delete(path)
    throw error
  })
  if (attempt.holder !== null) held.delete(path)
  return attempt
}

/** The files of the locks that this process holds, or tries to take. */
const held = new Set<string>()

async function tryPath(
  place: LockPlace,
  own: LockOwner,
  path: string,
  expiresAfter: number,
): Promise<LockAttempt> {
  await makeFolder(place.folder)
  try {
    await (await open(path, 'wx')).close()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw describeSystemError(error, path)
    // Where nobody knows when processes start, an earlier one with this id may have left it; else it is this one's, by another copy of this module.
    if (own.started !== null) return { holder: own, path }
  }
  try {
    // The file system's own clock: that of this machine may differ.
    const expired = (await stat(path)).mtimeMs - expiresAfter
    for (const owner of await owners(place)) {
      const other = lockPath(place, owner)
      if (other === path) continue
      if (await isHeld(owner, other, expired)) {
        await rm(path, { force: true })
        return { holder: owner, path: other }
      }
      await rm(other, { force: true })
    }
  } catch (error) {
    await rm(path, { force: true })
    throw describeSystemError(error, place.folder)
  }
  return { holder: null, release: keep(path, expiresAfter) }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw describeSystemError(error, folder)
    throw new SpellmError(
      'file-exists',
      `${folder}: a file stands where the folder of a lock should be.`,
      'Move or delete that file, then try again.',
    )
  }
}

/** The living process that holds a lock, or null. Changes nothing on disk. For locks that don't expire. */
export async function lockHolder(place: LockPlace): Promise<LockOwner | null> {
  for (const owner of await owners(place))
    if (await isHeld(owner, lockPath(place, owner), -Infinity)) return owner
  return null
}

/** Whether a lock is of this machine. */
export function isOfThisMachine({ host }: LockOwner): boolean {
  return host === thisHost()
}

/** Writes a lock that expires again and again. Returns what gives it back. */
function keep(path: string, expiresAfter: number): () => Promise<void> {
  const release = async () => {
    await rm(path, { force: true })
    held.delete(path)
  }
  if (expiresAfter === Infinity) return release
  let beat = Promise.resolve()
  const timer = setInterval(() => {
    // A beat that can't be written matters only to those who wait, and the holder's work meets the same disk.
    beat = writeFile(path, new Date().toISOString()).catch(() => undefined)
  }, expiresAfter / 6)
  return async () => {
    clearInterval(timer)
    // Or it would come back after its removal.
    await beat
    await release()
  }
}

async function owners({ folder, name }: LockPlace): Promise<LockOwner[]> {
  const prefix = prefixOf(name)
  try {
    return (await readdir(folder))
      .filter((file) => file.startsWith(prefix))
      .map((file) => parseLockName(file.slice(prefix.length)))
      .filter((owner) => owner !== null)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw describeSystemError(error, folder)
  }
}

const prefixOf = (name: string | undefined) => (name === undefined ? '' : `${name}.`)

function lockPath({ folder, name }: LockPlace, owner: LockOwner): string {
  return join(folder, `${prefixOf(name)}${lockName(owner)}`)
}

const unknownStart = 'unknown'

/** The file name that stands for an owner: `4711_98765-3f2a_host.name`, after the name of the lock if it has one. */
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

/** @param expired the time, in milliseconds, before which a lock in doubt must have been written to count as left behind */
async function isHeld(owner: LockOwner, path: string, expired: number): Promise<boolean> {
  const isSame = isOfThisMachine(owner) ? isSameProcess(owner, await processState(owner.pid)) : null
  if (isSame !== null) return isSame
  if (expired === -Infinity) return true
  try {
    return (await stat(path)).mtimeMs >= expired
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw describeSystemError(error, path)
  }
}

/** Whether the process that now has an owner's id is the owner itself; null where nobody can tell. */
export function isSameProcess(owner: LockOwner, state: ProcessState): boolean | null {
  if (!state.alive) return false
  return owner.started === null || state.started === null ? null : owner.started === state.started
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
