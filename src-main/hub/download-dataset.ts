import { join, posix } from 'node:path'
import { SpellmError } from '../base/errors.ts'
import { cachedCommit, commitForm, isFile, repositoryCache } from './cache.ts'
import { listRepositoryFiles, type HubFile } from './listing.ts'
import { addressPath } from './repository.ts'
import { fetchAndPlace, findPresent, openSnapshot, type DownloadOptions, type Snapshot } from './snapshot.ts'

/** A file of a data set on the Hub. */
export interface DatasetFile {
  /** `owner/name`. */
  readonly id: string
  /** A branch, a tag or a commit of 40 hexadecimal digits. */
  readonly revision: string
  /** The file's path in the data set, with slashes. */
  readonly path: string
}

/** A file of a data set in the cache. */
export interface DownloadedDatasetFile {
  /** 40 hexadecimal digits. */
  readonly commit: string
  /** Absolute. */
  readonly file: string
}

/**
 * Fetches one file of a data set into the cache that tools share, and verifies it. A file of a commit that is in the
 * cache already is taken as it is, without asking the Hub: a commit never changes, and a snapshot's files were
 * verified before they appeared there.
 *
 * @param maxBytes a larger file is refused before it is fetched
 * @throws SpellmError 'model-not-found' (no such data set, revision or file) | 'file-invalid' (too large), and as
 *   `downloadModel`; CancelledError
 */
export async function downloadDatasetFile(
  { id, revision, path }: DatasetFile,
  { maxBytes, ...options }: DownloadOptions & { readonly maxBytes: number },
): Promise<DownloadedDatasetFile> {
  const { settings } = options
  if (settings.offline || commitForm.test(revision)) {
    const cached = await findCached({ id, revision, path }, settings.cacheFolder)
    if (cached) return cached
  }
  if (settings.offline)
    throw new SpellmError(
      'model-not-found',
      `${path} of the data set ${id} (${revision}) is not in the cache (${settings.cacheFolder}), and HF_HUB_OFFLINE forbids downloads.`,
      'Unset HF_HUB_OFFLINE, or copy the data set into the cache.',
    )
  const failure = new AbortController()
  const snapshot = await openSnapshot({ kind: 'dataset', id }, revision, options, failure.signal)
  const file = await findListed(snapshot, path, maxBytes)
  const present = await findPresent(snapshot, [file])
  const folder = await fetchAndPlace(snapshot, [file], present, { ...options, revision, failure })
  return { commit: snapshot.commit, file: join(folder, path) }
}

async function findCached(
  { id, revision, path }: DatasetFile,
  cacheFolder: string,
): Promise<DownloadedDatasetFile | null> {
  const cache = repositoryCache(cacheFolder, { kind: 'dataset', id })
  const commit = await cachedCommit(cache, revision)
  if (commit === null) return null
  const file = join(cache.snapshot(commit), path)
  return (await isFile(file)) ? { commit, file } : null
}

async function findListed(
  { commit, connection }: Snapshot,
  path: string,
  maxBytes: number,
): Promise<HubFile> {
  const folder = posix.dirname(path)
  const listed = await listRepositoryFiles(commit, connection, folder === '.' ? '' : folder)
  const file = listed.find((one) => one.path === path)
  const page = `${connection.settings.endpoint}/${addressPath(connection)}/tree/${commit}`
  if (!file)
    throw new SpellmError(
      'model-not-found',
      `The data set ${connection.id} has no file ${path} at commit ${commit}.`,
      `Look at ${page}, and name a revision that has this file.`,
    )
  if (file.size > maxBytes)
    throw new SpellmError(
      'file-invalid',
      `${path} of the data set ${connection.id} has ${file.size} bytes; at most ${maxBytes} are expected.`,
      `Look at ${page}, and name another revision.`,
    )
  return file
}
