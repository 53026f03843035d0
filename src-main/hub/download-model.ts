import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { SpellmError } from '../base/errors.ts'
import { readCheckpointIndex } from '../formats/safetensors.ts'
import { cachedModelFolder } from './cache.ts'
import { listRepositoryFiles, type HubFile } from './listing.ts'
import { amountsOf, totalBytes, type DownloadAmounts } from './progress.ts'
import { formatModelReference, type ModelReference } from './reference.ts'
import { indexFile, selectFiles, selectShards } from './selection.ts'
import type { HubSettings } from './settings.ts'
import {
  bytesThere,
  fetchAndPlace,
  fetchOnce,
  findContents,
  findPresent,
  openSnapshot,
  type DownloadOptions,
  type Present,
  type Snapshot,
} from './snapshot.ts'

export interface DownloadedModel {
  readonly id: string
  /** The revision as it was asked for. */
  readonly revision: string
  /** 40 hexadecimal digits. */
  readonly commit: string
  /** Absolute; a folder for `openBaseModel`. */
  readonly folder: string
  readonly files: number
  /** Bytes of all files. */
  readonly bytes: number
}

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
  if (options.settings.offline) return openOffline(reference, options.settings)
  const failure = new AbortController()
  const { snapshot, files, present } = await inventory(reference, options, failure.signal)
  const folder = await fetchAndPlace(snapshot, files, present, { ...options, revision, failure })
  return { id, revision, commit: snapshot.commit, folder, files: files.length, bytes: totalBytes(files) }
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
  const { snapshot, files, present } = await inventory(reference, options)
  return amountsOf(files, await bytesThere(snapshot, files, present))
}

/** Asks the Hub for the files of a model, and looks which of them are there. */
async function inventory(
  { id, revision }: ModelReference,
  options: DownloadOptions,
  failure?: AbortSignal,
): Promise<{ readonly snapshot: Snapshot; readonly files: readonly HubFile[]; readonly present: Present }> {
  const snapshot = await openSnapshot({ kind: 'model', id }, revision, options, failure)
  const listing = await listRepositoryFiles(snapshot.commit, snapshot.connection)
  const { files: needed, index } = selectFiles(id, listing)
  const files = index ? [...needed, ...selectShards(id, listing, await readShards(snapshot, index))] : needed
  return { snapshot, files, present: await findPresent(snapshot, files) }
}

async function openOffline(reference: ModelReference, settings: HubSettings): Promise<DownloadedModel> {
  const folder = await cachedModelFolder(reference, settings.cacheFolder)
  if (folder === null)
    throw new SpellmError(
      'model-not-found',
      `${formatModelReference(reference)} is not in the cache (${settings.cacheFolder}), and HF_HUB_OFFLINE forbids downloads.`,
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
