import { open, type FileHandle } from 'node:fs/promises'
import { resolve } from 'node:path'
import { describeSystemError, SpellmError } from '../../base/errors.ts'
import { MoreBytesNeeded } from './byte-cursor.ts'
import { invalidGguf } from './errors.ts'
import { parseGguf, type GgufFile, type GgufPart } from './header.ts'
import { joinParts, otherParts } from './parts.ts'

/** What is read at first: the vocabulary of most models fits into it. */
const firstBytes = 16 << 20
/** Bytes that are read first of a part after the first, which has no vocabulary. */
const firstBytesOfPart = 1 << 20
const maxHeaderBytes = 256 << 20

/** Whether a path is that of a GGUF file, and so not of a model's folder. */
const isGgufPath = (path: string): boolean => /\.gguf$/i.test(path)

/** `openGguf` for a path that ends in '.gguf'; null for any other, which is that of a model's folder. */
export async function openIfGguf(path: string): Promise<GgufFile | null> {
  return isGgufPath(path) ? openGguf(path) : null
}

/**
 * Reads and checks a GGUF's metadata and its table of tensors, or those of all parts of a model whose first one is given;
 * no tensor is read.
 *
 * @throws SpellmError 'file-not-found' (names a part that is missing) | 'permission-denied' | 'file-invalid' |
 *   'model-unsupported' (a version of the format that we don't know)
 */
export async function openGguf(file: string): Promise<GgufFile> {
  const first = await openPart(resolve(file), firstBytes)
  const others: GgufPart[] = []
  for (const path of otherParts(first)) others.push(await openOtherPart(path, first.path))
  return joinParts(first, others)
}

async function openOtherPart(path: string, first: string): Promise<GgufPart> {
  try {
    return await openPart(path, firstBytesOfPart)
  } catch (error) {
    if (!(error instanceof SpellmError) || error.code !== 'file-not-found') throw error
    throw new SpellmError(
      'file-not-found',
      `${path} is missing: it is a part of the model that begins in ${first}.`,
      'Download this part into the same folder.',
      { cause: error },
    )
  }
}

async function openPart(path: string, wanted: number): Promise<GgufPart> {
  try {
    const handle = await open(path)
    try {
      const stats = await handle.stat()
      if (!stats.isFile()) throw invalidGguf(path, "isn't a file", 'Give the path of a .gguf file.')
      return await readHeader(path, handle, stats.size, wanted)
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw describeSystemError(error, path)
  }
}

async function readHeader(
  path: string,
  handle: FileHandle,
  size: number,
  atFirst: number,
): Promise<GgufPart> {
  for (let wanted = Math.min(atFirst, size); ;) {
    const bytes = Buffer.alloc(wanted)
    const { bytesRead } = await handle.read(bytes, 0, wanted, 0)
    if (bytesRead < wanted) throw invalidGguf(path, 'ended while its header was read')
    try {
      return parseGguf(path, bytes, size)
    } catch (error) {
      if (!(error instanceof MoreBytesNeeded)) throw error
      if (error.bytes > maxHeaderBytes)
        throw invalidGguf(path, `has a header of more than ${maxHeaderBytes} bytes`)
      wanted = Math.min(size, maxHeaderBytes, Math.max(4 * wanted, error.bytes))
    }
  }
}
