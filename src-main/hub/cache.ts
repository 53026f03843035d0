import { randomBytes } from 'node:crypto'
import { copyFile, link, mkdir, readFile, realpath, rename, rm, stat, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { describeSystemError } from '../base/errors.ts'
import { writeFileAtomically } from '../base/atomic-file.ts'
import { readCheckpointIndex } from '../formats/safetensors.ts'
import type { ModelReference } from './reference.ts'
import { cacheFolderName, type Repository } from './repository.ts'
import { indexFile } from './selection.ts'

/**
 * Where a model or data set is stored in the cache that tools share (source: the guide 'Understand caching' of
 * huggingface_hub): `blobs` holds contents, named by their hash; a snapshot's files are links to them; `refs` says
 * which commit a branch or tag stood for.
 */
export interface RepositoryCache {
  /** The folder of this repository. */
  readonly folder: string
  readonly locks: string
  blob(etag: string): string
  /** What has arrived of a blob so far. */
  partial(etag: string): string
  snapshot(commit: string): string
  reference(revision: string): string
}

export const commitForm = /^[0-9a-f]{40}$/
const maxReferenceBytes = 100

/** The places of a repository. Nothing is created. */
export function repositoryCache(cacheFolder: string, repository: Repository): RepositoryCache {
  const name = cacheFolderName(repository)
  const folder = join(cacheFolder, name)
  return {
    folder,
    locks: join(cacheFolder, '.locks', name),
    blob: (etag) => join(folder, 'blobs', etag),
    partial: (etag) => join(folder, 'blobs', `${etag}.incomplete`),
    snapshot: (commit) => join(folder, 'snapshots', commit),
    reference: (revision) => join(folder, 'refs', ...revision.split('/')),
  }
}

/** The commit that the cache knows a revision by, or null. */
export async function cachedCommit(cache: RepositoryCache, revision: string): Promise<string | null> {
  if (commitForm.test(revision)) return revision
  const path = cache.reference(revision)
  try {
    const { size } = await stat(path)
    const text = size > maxReferenceBytes ? '' : (await readFile(path, 'utf8')).trim()
    return commitForm.test(text) ? text : null
  } catch (error) {
    if (isMissing(error)) return null
    throw describeSystemError(error, path)
  }
}

/**
 * The folder of a model that is in the cache with everything that a conversion needs, or null. Asks nothing of the
 * network.
 *
 * @throws SpellmError 'permission-denied' | 'file-invalid' (a damaged index of its weights)
 */
export async function cachedModelFolder(
  { id, revision }: ModelReference,
  cacheFolder: string,
): Promise<string | null> {
  const cache = repositoryCache(cacheFolder, { kind: 'model', id })
  const commit = await cachedCommit(cache, revision)
  if (commit === null) return null
  const folder = cache.snapshot(commit)
  const has = (name: string) => isFile(join(folder, name))
  const index = join(folder, indexFile)
  const weights = (await isFile(index)) ? (await readCheckpointIndex(index)).shards : ['model.safetensors']
  for (const name of ['config.json', 'tokenizer.json', ...weights]) if (!(await has(name))) return null
  return folder
}

/** Notes what commit a revision stood for. Throws SpellmError for errors of the operating system. */
export async function writeReference(
  cache: RepositoryCache,
  revision: string,
  commit: string,
): Promise<void> {
  if (revision === commit || (await cachedCommit(cache, revision)) === commit) return
  const path = cache.reference(revision)
  try {
    await mkdir(dirname(path), { recursive: true })
  } catch (error) {
    throw describeSystemError(error, path)
  }
  await writeFileAtomically(path, (file) => file.writeFile(commit))
}

/**
 * Makes `target` stand for a blob: as a relative link; where links are not permitted, as a second name of the same
 * file; and where there is no such thing either, the blob moves there, or is copied if it has `otherUses`.
 *
 * @throws SpellmError for errors of the operating system
 */
export async function placeBlob(
  blob: string,
  target: string,
  { otherUses }: { readonly otherUses: boolean },
): Promise<void> {
  if (await isSameFile(blob, target)) return
  const temporary = join(dirname(target), `.${randomBytes(6).toString('hex')}.tmp`)
  const ways = [
    () => symlink(relative(dirname(target), blob), temporary),
    () => link(blob, temporary),
    () => (otherUses ? copyFile(blob, temporary) : rename(blob, temporary)),
  ]
  try {
    await mkdir(dirname(target), { recursive: true })
    for (const [i, way] of ways.entries()) {
      try {
        await way()
        break
      } catch (error) {
        if (i === ways.length - 1 || !isNotPermitted(error)) throw error
      }
    }
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true })
    throw describeSystemError(error, target)
  }
}

async function isSameFile(a: string, b: string): Promise<boolean> {
  try {
    return (await realpath(a)) === (await realpath(b))
  } catch (error) {
    if (isMissing(error)) return false
    throw describeSystemError(error, b)
  }
}

/** Whether a path leads to a file. */
export async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch (error) {
    if (isMissing(error)) return false
    throw describeSystemError(error, path)
  }
}

/** A link that leads nowhere or in a circle counts as missing: what it should be is fetched again. */
export function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP'].includes((error as NodeJS.ErrnoException).code ?? '')
}

/** File systems and Windows accounts without links. */
function isNotPermitted(error: unknown): boolean {
  return ['EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EISDIR', 'EMLINK'].includes(
    (error as NodeJS.ErrnoException).code ?? '',
  )
}
