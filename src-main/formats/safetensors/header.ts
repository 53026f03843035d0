import { open, type FileHandle } from 'node:fs/promises'
import { resolve } from 'node:path'
import { z } from 'zod'
import { describeSystemError, SpellmError } from '../../base/errors.ts'
import { dtypeNames, dtypeSizes, type SafetensorsDtype } from './dtypes.ts'

/** The position of a tensor in its file. */
export interface TensorEntry {
  readonly name: string
  readonly dtype: SafetensorsDtype
  readonly shape: readonly number[]
  /** Absolute path of its file. */
  readonly path: string
  /** Bytes from the start of the file. */
  readonly offset: number
  readonly byteLength: number
}

export interface SafetensorsFile {
  readonly path: string
  readonly metadata: Readonly<Record<string, string>>
  readonly tensors: ReadonlyMap<string, TensorEntry>
}

/** The limit of the reference implementation. */
const maxHeaderBytes = 100_000_000
const maxTensors = 1_000_000

const safeInteger = z.int().min(0)
const entrySchema = z.strictObject({
  dtype: z.enum(dtypeNames),
  shape: z.array(safeInteger).max(64),
  data_offsets: z.tuple([safeInteger, safeInteger]),
})
const metadataSchema = z.record(z.string(), z.string())

/**
 * Reads and checks a file's header; no tensor is read. The tensors must fill the rest of the file without
 * gap or overlap.
 *
 * @throws SpellmError 'file-not-found' | 'permission-denied' | 'file-invalid'
 */
export async function openSafetensors(file: string): Promise<SafetensorsFile> {
  const path = resolve(file)
  try {
    const handle = await open(path)
    try {
      const { size } = await handle.stat()
      return parseHeader(path, await readHeader(path, handle, size), size)
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw describeSystemError(error, path)
  }
}

async function readHeader(path: string, handle: FileHandle, size: number): Promise<Buffer> {
  const start = Buffer.alloc(Math.min(size, 64))
  await handle.read(start, 0, start.length, 0)
  const text = start.toString('latin1')
  if (text.startsWith('version https://git-lfs'))
    throw invalid(
      path,
      'is a Git LFS pointer, not the weights',
      "Run 'git lfs pull' in the model's folder, or download the file itself.",
    )
  if (/^\s*<(!doctype|html|\?xml)/i.test(text))
    throw invalid(
      path,
      'is a web page, not the weights',
      'The download was answered by a login or error page: download the file again.',
    )
  if (size < 8) throw invalid(path, `has ${size} bytes; a safetensors file has at least 8`)
  const length = start.readBigUInt64LE(0)
  if (length > BigInt(maxHeaderBytes))
    throw invalid(path, `claims a header of ${length} bytes; at most ${maxHeaderBytes} are allowed`)
  if (length > BigInt(size - 8))
    throw invalid(path, `claims a header of ${length} bytes, but the file ends after ${size} bytes`)
  const header = Buffer.alloc(Number(length))
  const { bytesRead } = await handle.read(header, 0, header.length, 8)
  if (bytesRead < header.length) throw invalid(path, 'ended while its header was read')
  return header
}

function parseHeader(path: string, header: Buffer, size: number): SafetensorsFile {
  const dataStart = 8 + header.length
  const tensors = new Map<string, TensorEntry>()
  let metadata: Readonly<Record<string, string>> = {}
  for (const [name, value] of readEntries(path, header.toString('utf8'))) {
    const shown = name.slice(0, 200)
    if (name === '__metadata__') {
      const parsed = metadataSchema.safeParse(value)
      if (!parsed.success) throw invalid(path, "'__metadata__' must hold strings only")
      metadata = parsed.data
      continue
    }
    if (tensors.size === maxTensors) throw invalid(path, `has more than ${maxTensors} tensors`)
    const parsed = entrySchema.safeParse(value)
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!
      throw invalid(path, `tensor '${shown}', ${issue.path.join('.') || 'entry'}: ${issue.message}`)
    }
    const {
      dtype,
      shape,
      data_offsets: [begin, end],
    } = parsed.data
    const byteLength = shape.reduce((product, dimension) => product * dimension, dtypeSizes[dtype])
    if (!Number.isSafeInteger(byteLength) || end - begin !== byteLength)
      throw invalid(
        path,
        `tensor '${shown}' of ${dtype} [${shape.join(', ')}] needs ${byteLength} bytes, its data_offsets span ${end - begin}`,
      )
    if (end > size - dataStart)
      throw invalid(
        path,
        `tensor '${shown}' ends at byte ${end} of the data, but the file has only ${size - dataStart}`,
      )
    tensors.set(name, { name, dtype, shape, path, offset: dataStart + begin, byteLength })
  }
  requireNoGaps(path, tensors, dataStart, size)
  return { path, metadata, tensors }
}

/** Tensors side by side from the start of the data to the end of the file. */
function requireNoGaps(
  path: string,
  tensors: ReadonlyMap<string, TensorEntry>,
  dataStart: number,
  size: number,
) {
  let position = dataStart
  const inOrder = [...tensors.values()].sort((a, b) => a.offset - b.offset || a.byteLength - b.byteLength)
  for (const { name, offset, byteLength } of inOrder) {
    if (offset !== position)
      throw invalid(
        path,
        `tensor '${name.slice(0, 200)}' ${offset < position ? 'overlaps the one before it' : 'leaves a gap before it'}`,
      )
    position = offset + byteLength
  }
  if (position !== size) throw invalid(path, `has ${size - position} bytes after the last tensor`)
}

/** The members of the header in order. JSON.parse drops duplicate names silently, so they are counted too. */
function readEntries(path: string, text: string): [string, unknown][] {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw invalid(path, 'has a header that is not JSON')
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw invalid(path, 'has a header that is not a JSON object')
  const entries = Object.entries(parsed)
  const names = countMembers(text)
  if (names !== entries.length) throw invalid(path, 'has a header that names a tensor twice')
  return entries
}

/** The number of members of the outermost object of valid JSON: its colons at depth 1, outside of strings. */
function countMembers(json: string): number {
  let depth = 0
  let members = 0
  let inString = false
  for (let i = 0; i < json.length; i++) {
    const character = json[i]
    if (inString) {
      if (character === '\\') i++
      else if (character === '"') inString = false
    } else if (character === '"') inString = true
    else if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') depth--
    else if (character === ':' && depth === 1) members++
  }
  return members
}

function invalid(
  path: string,
  problem: string,
  remedy = 'The file is damaged or incomplete: download it again.',
): SpellmError {
  return new SpellmError('file-invalid', `${path} ${problem}.`, remedy)
}
