import { mkdir, readdir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { describeSystemError, SpellmError } from '../errors.ts'
import { readCheckpointIndex } from '../formats/safetensors.ts'
import { fetchBlob, hasContents, partialBytes } from './blob.ts'
import { cachedModelFolder, isFile, modelCache, placeBlob, writeReference, type ModelCache } from './cache.ts'
import { listModelFiles, resolveRevision, type HubConnection, type HubFile } from './listing.ts'
import { withLock } from './lock.ts'
import {
  amountsOf,
  sumProgress,
  totalBytes,
  type DownloadAmounts,
  type DownloadProgress,
} from './progress.ts'
import { formatModelReference, type ModelReference } from './reference.ts'
import { indexFile, selectFiles, selectShards } from './selection.ts'
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

export interface DownloadedModel {
  readonly id: string
  /** As it was asked for. */
  readonly revision: string
  /** 40 hexadecimal digits. */
  readonly commit: string
  /** Absolute; a folder for `openBaseModel`. */
  readonly folder: string
  readonly files: number
  /** Of all files. */
  readonly bytes: number
}

/** What stays free on the disk, in bytes: a full one stops more than a download. */
const diskMargin = 256 << 20

/**
 * Fetches what a conversion needs of a model into the cache that tools share, and verifies it. The snapshot
 * appears when all its files are there; files that are there already are verified, not fetched.
 *
 * @throws SpellmError 'model-not-found' | 'access-denied' | 'network-failed' | 'model-unsupported' |
 *   'model-invalid' (names that lead elsewhere) | 'download-corrupt' | 'disk-full' | 'permission-denied';
 *   CancelledError
 */
export async function downloadModel(
  reference: ModelReference,
  options: DownloadOptions,
): Promise<DownloadedModel> {
  const { id, revision } = reference
  const { settings, concurrency = 4 } = options
  if (settings.offline) return openOffline(reference, settings)
  const failure = new AbortController()
  const { snapshot, files, present } = await survey(reference, options, failure.signal)
  const { commit } = snapshot
  await requireDiskSpace(snapshot, missingFrom(present, files))
  await fetchMissing(snapshot, files, present, concurrency, failure)
  await placeAll(snapshot, files, present)
  await writeReference(snapshot.cache, revision, commit)
  const folder = snapshot.cache.snapshot(commit)
  return { id, revision, commit, folder, files: files.length, bytes: totalBytes(files) }
}

/**
 * How much `downloadModel` would find and fetch. Of the model itself, only the index of its shards is fetched; what is
 * there already is verified.
 *
 * @throws SpellmError and CancelledError as `downloadModel`
 */
export async function planDownload(
  reference: ModelReference,
  options: Omit<DownloadOptions, 'concurrency'>,
): Promise<DownloadAmounts> {
  if (options.settings.offline) {
    const { files, bytes } = await openOffline(reference, options.settings)
    return { bytesDone: bytes, bytesTotal: bytes, filesDone: files, filesTotal: files }
  }
  const { snapshot, files, present } = await survey(reference, options)
  return amountsOf(files, await bytesThere(snapshot, files, present))
}

/** Asks the Hub for the files of a model, and looks which of them are there. */
async function survey(
  reference: ModelReference,
  { settings, onEvent, signal, stallTimeout = 30_000, retryDelay = 1_000 }: DownloadOptions,
  failure?: AbortSignal,
): Promise<{ readonly snapshot: Snapshot; readonly files: readonly HubFile[]; readonly present: Present }> {
  const { id } = reference
  const connection: HubConnection = {
    id,
    settings,
    signal: AbortSignal.any([signal, failure].filter((one) => one !== undefined)),
    stallTimeout,
    retryDelay,
    onNotice: (message) => onEvent({ type: 'notice', message }),
  }
  const commit = await resolveRevision(reference, connection)
  onEvent({ type: 'commit', commit })
  const snapshot: Snapshot = { commit, cache: modelCache(settings.cacheFolder, id), connection, onEvent }

  const listing = await listModelFiles(id, commit, connection)
  const { files: needed, index } = selectFiles(id, listing)
  const files = index ? [...needed, ...selectShards(id, listing, await readShards(snapshot, index))] : needed
  return { snapshot, files, present: await findPresent(snapshot, files) }
}

/** A commit of a model on its way into the cache. */
interface Snapshot {
  readonly commit: string
  readonly cache: ModelCache
  readonly connection: HubConnection
  readonly onEvent: (event: DownloadEvent) => void
}

/** Where verified contents lie, by the file's path in the model. */
type Present = ReadonlyMap<string, string>

async function openOffline(reference: ModelReference, settings: HubSettings): Promise<DownloadedModel> {
  const folder = await cachedModelFolder(reference, settings.cacheFolder)
  if (folder === null)
    throw new SpellmError(
      'model-not-found',
      `${formatModelReference(reference)} is not in the cache (${settings.cacheFolder}), and HF_HUB_OFFLINE forbids to fetch it.`,
      'Unset HF_HUB_OFFLINE, or copy the model into the cache.',
    )
  const commit = folder.slice(-40)
  const names = await readdir(folder)
  const found = await Promise.all(names.map((name) => stat(join(folder, name))))
  const files = found.filter((file) => file.isFile())
  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  return { ...reference, commit, folder, files: files.length, bytes }
}

/** The shards that the index names; it is fetched and verified before its word is taken. */
async function readShards(snapshot: Snapshot, index: HubFile): Promise<readonly string[]> {
  const { cache, connection } = snapshot
  const found = await findContents(snapshot, index, () => undefined)
  if (found === null) await fetchOnce(snapshot, index, () => undefined)
  try {
    return (await readCheckpointIndex(found ?? cache.blob(index.hash.hex))).shards
  } catch (error) {
    if (!(error instanceof SpellmError) || error.code !== 'file-invalid') throw error
    throw new SpellmError(
      'model-invalid',
      `${connection.id}: ${indexFile} is not valid: ${error.message}`,
      'Choose another model, or another revision of it.',
      { cause: error },
    )
  }
}

/** The files that are in the cache with the right contents. */
async function findPresent(snapshot: Snapshot, files: readonly HubFile[]): Promise<Present> {
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

/** Links may be impossible, and then contents may lie in the snapshot alone. */
function placesOf({ cache, commit }: Snapshot, { path, hash }: HubFile): string[] {
  return [cache.blob(hash.hex), join(cache.snapshot(commit), path)]
}

async function findContents(
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

/** Of each file, by its path, the bytes that need not be fetched. */
async function bytesThere(
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
async function fetchOnce(
  { cache, commit, connection }: Snapshot,
  file: HubFile,
  onProgress: (bytes: number) => void,
): Promise<void> {
  const { hex } = file.hash
  const { endpoint } = connection.settings
  const address = `${endpoint}/${connection.id}/resolve/${commit}/${encodeURIComponent(file.path)}`
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
