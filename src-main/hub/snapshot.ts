import { mkdir, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { describeSystemError, SpellmError } from '../base/errors.ts'
import { fetchBlob, hasContents, partialBytes } from './blob.ts'
import { isFile, placeBlob, repositoryCache, writeReference, type RepositoryCache } from './cache.ts'
import { resolveRevision, type HubConnection, type HubFile } from './listing.ts'
import { withLock } from './lock.ts'
import { sumProgress, type DownloadProgress } from './progress.ts'
import { addressPath, type Repository } from './repository.ts'
import type { HubSettings } from './settings.ts'

/** What a download reports while it runs. */
export type DownloadEvent =
  /** The revision stands for this commit in this download, whatever happens to its branch meanwhile. */
  | { readonly type: 'commit'; readonly commit: string }
  | DownloadProgress
  | { readonly type: 'notice'; readonly message: string }

export interface DownloadOptions {
  readonly settings: HubSettings
  readonly onEvent: (event: DownloadEvent) => void
  /** Stops the download; what has arrived is kept for the next one. */
  readonly signal?: AbortSignal
  /** Files at once. Default: 4. */
  readonly concurrency?: number
  /** Milliseconds without a byte after which a connection is given up and the file resumed. Default: 30,000. */
  readonly stallTimeout?: number
  /** Milliseconds before the first new attempt; the time doubles with each failure in a row. Default: 1,000. */
  readonly retryDelay?: number
}

/** What stays free on the disk, in bytes: a full one stops more than a download. */
const diskMargin = 256 << 20

/** A commit of a repository on its way into the cache. */
export interface Snapshot {
  readonly commit: string
  readonly cache: RepositoryCache
  readonly connection: HubConnection
  readonly onEvent: (event: DownloadEvent) => void
}

/** Where verified contents are stored, by the file's path in the repository. */
export type Present = ReadonlyMap<string, string>

/**
 * Asks the Hub for the commit of a revision, and reports it.
 *
 * @param failure stops what is done with the snapshot
 * @throws SpellmError and CancelledError as `resolveRevision`
 */
export async function openSnapshot(
  repository: Repository,
  revision: string,
  { settings, onEvent, signal, stallTimeout = 30_000, retryDelay = 1_000 }: DownloadOptions,
  failure?: AbortSignal,
): Promise<Snapshot> {
  const connection: HubConnection = {
    ...repository,
    settings,
    signal: AbortSignal.any([signal, failure].filter((one) => one !== undefined)),
    stallTimeout,
    retryDelay,
    onNotice: (message) => onEvent({ type: 'notice', message }),
  }
  const commit = await resolveRevision(revision, connection)
  onEvent({ type: 'commit', commit })
  return { commit, cache: repositoryCache(settings.cacheFolder, repository), connection, onEvent }
}

/**
 * Fetches the files that aren't there, and makes the snapshot once all contents are.
 *
 * @param options.failure is fired at the first error, so that nobody still writes after it
 * @returns the snapshot's folder
 * @throws SpellmError 'network-failed' | 'access-denied' | 'download-corrupt' | 'disk-full' | 'permission-denied';
 *   CancelledError
 */
export async function fetchAndPlace(
  snapshot: Snapshot,
  files: readonly HubFile[],
  present: Present,
  {
    concurrency = 4,
    revision,
    failure,
  }: Pick<DownloadOptions, 'concurrency'> & { readonly revision: string; readonly failure: AbortController },
): Promise<string> {
  await requireDiskSpace(snapshot, missingFrom(present, files))
  await fetchMissing(snapshot, files, present, concurrency, failure)
  await placeAll(snapshot, files, present)
  await writeReference(snapshot.cache, revision, snapshot.commit)
  return snapshot.cache.snapshot(snapshot.commit)
}

/** The files that are in the cache with the right contents. */
export async function findPresent(snapshot: Snapshot, files: readonly HubFile[]): Promise<Present> {
  const present = new Map<string, string>()
  const candidates: HubFile[] = []
  for (const file of files)
    for (const path of placesOf(snapshot, file))
      if (!candidates.includes(file) && (await isFile(path))) candidates.push(file)
  const sum = sumProgress('check', candidates, new Map(), snapshot.onEvent)
  for (const file of candidates) {
    const path = await findContents(snapshot, file, (bytes) => sum.set(file, bytes))
    if (path !== null) present.set(file.path, path)
  }
  return present
}

/** Links may be impossible, and then contents may be in the snapshot alone. */
function placesOf({ cache, commit }: Snapshot, { path, hash }: HubFile): string[] {
  return [cache.blob(hash.hex), join(cache.snapshot(commit), path)]
}

/** Where a file's verified contents are stored; null: nowhere yet. */
export async function findContents(
  snapshot: Snapshot,
  file: HubFile,
  onProgress: (bytes: number) => void,
): Promise<string | null> {
  for (const path of placesOf(snapshot, file))
    if (await hasContents(path, file, snapshot.connection.signal, onProgress)) return path
  return null
}

/** The files that aren't there; of several with the same contents, one. */
function missingFrom(present: Present, files: readonly HubFile[]): HubFile[] {
  const missing = files.filter(({ path }) => !present.has(path))
  return [...new Map(missing.map((file) => [file.hash.hex, file])).values()]
}

async function requireDiskSpace({ cache }: Snapshot, missing: readonly HubFile[]): Promise<void> {
  if (missing.length === 0) return
  try {
    await mkdir(cache.folder, { recursive: true })
    let needed = 0
    for (const file of missing) needed += file.size - (await partialBytes(cache.partial(file.hash.hex), file))
    const { bavail, bsize } = await statfs(cache.folder)
    const free = bavail * bsize
    if (needed + diskMargin > free)
      throw new SpellmError(
        'disk-full',
        `${cache.folder}: ${megabytes(needed)} are still to be fetched, and ${megabytes(diskMargin)} must stay free; the disk has ${megabytes(free)}.`,
        'Free some disk space, or name a folder on another disk in HF_HUB_CACHE.',
      )
  } catch (error) {
    throw describeSystemError(error, cache.folder)
  }
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6).toLocaleString('en')} MB`
}

/** The bytes of each file, by its path, that need not be fetched. */
export async function bytesThere(
  { cache }: Snapshot,
  files: readonly HubFile[],
  present: Present,
): Promise<Map<string, number>> {
  const there = new Map<string, number>()
  for (const file of files)
    there.set(
      file.path,
      present.has(file.path) ? file.size : await partialBytes(cache.partial(file.hash.hex), file),
    )
  return there
}

async function fetchMissing(
  snapshot: Snapshot,
  files: readonly HubFile[],
  present: Present,
  concurrency: number,
  failure: AbortController,
): Promise<void> {
  const missing = missingFrom(present, files)
  if (missing.length === 0) return
  const sum = sumProgress('fetch', files, await bytesThere(snapshot, files, present), snapshot.onEvent)
  sum.report(missing[0]!)
  const queue = [...missing]
  const work = async () => {
    for (let file = queue.shift(); file; file = queue.shift()) {
      const { hash } = file
      const same = files.filter((other) => other.hash.hex === hash.hex)
      await fetchOnce(snapshot, file, (bytes) => same.forEach((other) => sum.set(other, bytes)))
    }
  }
  const workers = Array.from({ length: concurrency }, () =>
    work().catch((error: unknown) => {
      // The others stop at once, with what they have: nobody may still write after this function has ended.
      const isFirst = !failure.signal.aborted
      failure.abort()
      if (isFirst) throw error
    }),
  )
  const failed = (await Promise.allSettled(workers)).find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
}

/** Fetches a file unless another process does so at this moment. */
export async function fetchOnce(
  { cache, commit, connection }: Snapshot,
  file: HubFile,
  onProgress: (bytes: number) => void,
): Promise<void> {
  const { hex } = file.hash
  const { endpoint } = connection.settings
  const path = file.path.split('/').map(encodeURIComponent).join('/')
  const address = `${endpoint}/${addressPath(connection)}/resolve/${commit}/${path}`
  const onWait = () => connection.onNotice(`${file.path}: another process is fetching it; waiting for that.`)
  await withLock(cache.locks, hex, { signal: connection.signal, onWait }, async () => {
    if (await hasContents(cache.blob(hex), file, connection.signal, onProgress)) return
    await fetchBlob(
      file,
      address,
      { blob: cache.blob(hex), partial: cache.partial(hex) },
      connection,
      onProgress,
    )
  })
}

/** Makes the snapshot, once all contents are there. */
async function placeAll(
  { cache, commit }: Snapshot,
  files: readonly HubFile[],
  present: Present,
): Promise<void> {
  for (const [i, { path, hash }] of files.entries()) {
    const target = join(cache.snapshot(commit), path)
    if (present.get(path) === target) continue
    const otherUses = files.slice(i + 1).some((other) => other.hash.hex === hash.hex)
    await placeBlob(cache.blob(hash.hex), target, { otherUses })
  }
}
