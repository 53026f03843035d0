import { createHash, type Hash } from 'node:crypto'
import { mkdir, open, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Headers } from 'undici'
import { CancelledError, describeSystemError, SpellmError } from '../base/errors.ts'
import { isMissing } from './cache.ts'
import { get } from './http.ts'
import type { HubConnection, HubFile } from './listing.ts'
import { TransferFault, withRetries } from './retry.ts'

export interface BlobProgress {
  /** Bytes of the file that are there, and counted; it may go down when they turn out to be bad. */
  (bytes: number): void
}

export interface BlobPaths {
  readonly blob: string
  readonly partial: string
}

const readBytes = 1 << 20

/**
 * Fetches a file of a model, from where an earlier attempt stopped. The blob appears under its name only once all
 * of it is on the disk and has the hash that the Hub lists.
 *
 * @throws SpellmError 'download-corrupt' | 'network-failed' | 'access-denied' | 'model-not-found' | 'disk-full' |
 *   'permission-denied'; CancelledError. What has arrived is kept for the next attempt, unless its hash is wrong
 */
export async function fetchBlob(
  file: HubFile,
  address: string,
  { blob, partial }: BlobPaths,
  connection: HubConnection,
  onProgress: BlobProgress,
): Promise<void> {
  try {
    await mkdir(dirname(blob), { recursive: true })
    for (const isLast of [false, true]) {
      const handle = await openPartial(partial, file)
      try {
        if ((await receive(handle, file, address, connection, onProgress)) === file.hash.hex) {
          await handle.sync()
          await handle.close()
          await rename(partial, blob)
          return
        }
      } finally {
        await handle.close()
      }
      await rm(partial, { force: true })
      onProgress(0)
      if (!isLast)
        connection.onNotice(
          `${file.path}: what arrived has the wrong hash; fetching it again from the start.`,
        )
    }
  } catch (error) {
    throw describeSystemError(error, partial)
  }
  throw new SpellmError(
    'download-corrupt',
    `${file.path} of ${connection.id} arrived twice with another ${file.hash.kind === 'sha256' ? 'SHA-256' : 'git hash'} than the Hub lists (${file.hash.hex}).`,
    'A proxy or mirror may change or cut files: try from another network, or without HF_ENDPOINT.',
  )
}

/**
 * Whether a file on the disk is the one that the Hub lists: its size, then its hash. Reads all of it.
 *
 * @param onProgress is given the bytes read so far
 * @throws SpellmError for errors of the operating system; CancelledError
 */
export async function hasContents(
  path: string,
  { size, hash }: Pick<HubFile, 'size' | 'hash'>,
  signal: AbortSignal,
  onProgress: BlobProgress,
): Promise<boolean> {
  try {
    const found = await stat(path)
    if (!found.isFile() || found.size !== size) return false
    const handle = await open(path)
    try {
      const digest = startHash(hash.kind, size)
      await hashUpTo(handle, size, digest, signal, onProgress)
      return digest.digest('hex') === hash.hex
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (isMissing(error)) return false
    throw describeSystemError(error, path)
  }
}

/** How much of a file an earlier attempt has left, in bytes. Throws SpellmError for errors of the operating system. */
export async function partialBytes(partial: string, { size }: HubFile): Promise<number> {
  try {
    const found = await stat(partial)
    return found.size <= size ? found.size : 0
  } catch (error) {
    if (isMissing(error)) return 0
    throw describeSystemError(error, partial)
  }
}

/** Opened for reading and writing, never emptied; longer than the file it can't be a part of it. */
async function openPartial(partial: string, { size }: HubFile): Promise<FileHandle> {
  const handle = await open(partial, 'a').then(async (created) => {
    await created.close()
    return open(partial, 'r+')
  })
  if ((await handle.stat()).size > size) await handle.truncate(0)
  return handle
}

/** Fills a partial file and returns the hash of all of it. */
async function receive(
  handle: FileHandle,
  { path, size, hash: { kind } }: HubFile,
  address: string,
  connection: HubConnection,
  onProgress: BlobProgress,
): Promise<string> {
  let position = (await handle.stat()).size
  let furthest = position
  let digest = startHash(kind, size)
  await hashUpTo(handle, position, digest, connection.signal, () => undefined)
  onProgress(position)
  const attempt = async () => {
    if (position === size) return
    const headers: Record<string, string> = position > 0 ? { range: `bytes=${position}-` } : {}
    const answer = await get(address, { ...connection, headers })
    try {
      if (position > 0 && answer.status === 200) {
        await handle.truncate(0)
        position = 0
        digest = startHash(kind, size)
        onProgress(0)
      }
      checkHeaders(answer.headers, position, size)
      for await (const piece of answer.body) {
        const wanted = piece.subarray(0, size - position)
        await writeFully(handle, wanted, position)
        digest.update(wanted)
        position += wanted.length
        furthest = Math.max(furthest, position)
        onProgress(position)
        // More than was listed is not taken: whether what came is right, the hash says.
        if (position === size) return
      }
    } finally {
      answer.close()
    }
    throw new TransferFault(`the connection ended after ${position} of ${size} bytes`)
  }
  await withRetries(attempt, { ...connection, what: path, bytesArrived: () => furthest })
  return digest.digest('hex')
}

/** What an answer says of itself before its first byte. */
function checkHeaders(headers: Headers, position: number, size: number): void {
  if (/^text\/html\b/i.test(headers.get('content-type') ?? ''))
    throw new SpellmError(
      'network-failed',
      'The server sent a web page instead of a file.',
      'A proxy or a sign-in page of the network may stand between; check HF_ENDPOINT as well.',
    )
  const range = headers.get('content-range')
  if (range !== null && !range.startsWith(`bytes ${position}-${size - 1}/`))
    throw new TransferFault(`asked for byte ${position}, got '${range.slice(0, 60)}'`)
  const length = headers.get('content-length')
  const isEncoded = (headers.get('content-encoding') ?? 'identity') !== 'identity'
  if (length !== null && !isEncoded && Number(length) !== size - position)
    throw new TransferFault(
      `the server announces ${length.slice(0, 20)} bytes, the Hub lists ${size - position}`,
      { code: 'download-corrupt' },
    )
}

function startHash(kind: HubFile['hash']['kind'], size: number): Hash {
  return kind === 'sha256' ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`)
}

async function hashUpTo(
  handle: FileHandle,
  end: number,
  digest: Hash,
  signal: AbortSignal,
  onProgress: BlobProgress,
): Promise<void> {
  const buffer = Buffer.alloc(Math.min(readBytes, end))
  for (let position = 0; position < end;) {
    if (signal.aborted) throw new CancelledError()
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - position), position)
    if (bytesRead === 0) return
    digest.update(buffer.subarray(0, bytesRead))
    position += bytesRead
    onProgress(position)
  }
}

async function writeFully(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten
}
