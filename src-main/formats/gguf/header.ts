import { ByteCursor } from './byte-cursor.ts'
import { invalidGguf, shown, unsupportedGguf } from './errors.ts'
import { ggmlTypes, type GgmlType } from './ggml-types.ts'
import { readMetadata, type GgufMetadata } from './metadata.ts'

/** The position of a tensor in its file. */
export interface GgufTensor {
  readonly name: string
  readonly type: GgmlType
  /** Outermost dimension first, as everywhere else here; ggml writes them the other way round. */
  readonly shape: readonly number[]
  /** Absolute path of its file. */
  readonly path: string
  /** Bytes from the start of the file. */
  readonly offset: number
  readonly byteLength: number
}

/** A file: a whole model, or one part of it. */
export interface GgufPart {
  /** Absolute. */
  readonly path: string
  readonly metadata: GgufMetadata
  readonly tensors: ReadonlyMap<string, GgufTensor>
}

/** A model: its only file, or the first of its parts with the tensors of all of them. */
export interface GgufFile extends GgufPart {
  /** Absolute paths of all parts, the first one first. */
  readonly files: readonly string[]
}

const magic = 'GGUF'
/** Maximum number of tensors of a model, in all of its parts. */
export const maxTensors = 100_000
const maxTensorNameBytes = 255
const maxDimensions = 4
const defaultAlignment = 32
const maxAlignment = 1 << 20

/**
 * A file's header.
 *
 * @param bytes the beginning of the file
 * @param size bytes of the whole file
 * @throws SpellmError as `openGguf`, but for parts; MoreBytesNeeded where `bytes` is too short
 */
export function parseGguf(path: string, bytes: Buffer, size: number): GgufPart {
  requireGguf(path, bytes)
  const cursor = new ByteCursor(bytes, path, size)
  cursor.skip(magic.length, 'the first four bytes')
  const version = cursor.uint32('the version')
  if (version !== 2 && version !== 3)
    throw unsupportedGguf(
      path,
      version & 0xffff
        ? `is GGUF version ${version}; 2 and 3 can be read`
        : 'was written for big-endian machines',
      'Get the model in a newer GGUF file.',
    )
  const tensorCount = cursor.uint64('the number of tensors', maxTensors)
  const metadata = readMetadata(cursor, cursor.uint64('the number of metadata keys', 0xffffffff))
  return { path, metadata, tensors: readTensorTable(cursor, tensorCount, readAlignment(path, metadata)) }
}

function requireGguf(path: string, bytes: Buffer): void {
  const text = bytes.toString('latin1', 0, 64)
  if (text.startsWith(magic)) return
  if (text.startsWith('version https://git-lfs'))
    throw invalidGguf(
      path,
      'is a Git LFS pointer, not the model',
      "Run 'git lfs pull' in its folder, or download the file itself.",
    )
  if (/^\s*<(!doctype|html|\?xml)/i.test(text))
    throw invalidGguf(
      path,
      'is a web page, not the model',
      'The download was answered by a login or error page: download the file again.',
    )
  throw invalidGguf(path, "isn't a GGUF file: it doesn't begin with 'GGUF'", 'Choose a .gguf file.')
}

function readAlignment(path: string, metadata: GgufMetadata): number {
  const alignment = metadata.get('general.alignment') ?? defaultAlignment
  if (
    typeof alignment !== 'number' ||
    !Number.isInteger(alignment) ||
    alignment < 8 ||
    alignment > maxAlignment ||
    alignment % 8 !== 0
  )
    throw invalidGguf(path, `'general.alignment' is not a multiple of 8 up to ${maxAlignment}`)
  return alignment
}

function readTensorTable(
  cursor: ByteCursor,
  count: number,
  alignment: number,
): ReadonlyMap<string, GgufTensor> {
  const { path, size } = cursor
  const entries = new Map<string, GgufTensor>()
  for (let i = 0; i < count; i++) {
    const entry = readTensorEntry(cursor, i, alignment)
    if (entries.has(entry.name)) throw invalidGguf(path, `has the tensor '${shown(entry.name)}' twice`)
    entries.set(entry.name, entry)
  }
  const dataStart = Math.ceil(cursor.position / alignment) * alignment
  const tensors = new Map<string, GgufTensor>()
  for (const [name, entry] of entries) {
    const offset = dataStart + entry.offset
    if (offset + entry.byteLength > size)
      throw invalidGguf(
        path,
        `the tensor '${shown(name)}' ends at byte ${offset + entry.byteLength}, the file at ${size}`,
      )
    tensors.set(name, { ...entry, offset })
  }
  requireNoOverlap(path, tensors)
  return tensors
}

/** One entry of the table; its offset is that from the start of the data. */
function readTensorEntry(cursor: ByteCursor, index: number, alignment: number): GgufTensor {
  const { path } = cursor
  const name = cursor.string(`the name of tensor ${index}`, maxTensorNameBytes)
  const what = `the tensor '${shown(name)}'`
  const dimensions = cursor.uint32(`the dimensions of ${what}`)
  if (dimensions < 1 || dimensions > maxDimensions)
    throw invalidGguf(path, `${what} has ${dimensions} dimensions, expected 1 to ${maxDimensions}`)
  const shape: number[] = []
  for (let i = 0; i < dimensions; i++)
    shape.unshift(cursor.uint64(`a dimension of ${what}`, Number.MAX_SAFE_INTEGER))
  if (shape.includes(0)) throw invalidGguf(path, `${what} has shape [${shape.join(', ')}]: it is empty`)
  const id = cursor.uint32(`the type of ${what}`)
  const type = ggmlTypes.get(id)
  if (!type)
    throw unsupportedGguf(path, `${what} has the type ${id}, which is not known, or no longer in use`)
  if (shape.at(-1)! % type.blockSize !== 0)
    throw invalidGguf(
      path,
      `${what} has rows of ${shape.at(-1)!} values, which ${type.name} stores in blocks of ${type.blockSize}`,
    )
  const elements = shape.reduce((product, dimension) => product * dimension, 1)
  const byteLength = (elements / type.blockSize) * type.blockBytes
  if (!Number.isSafeInteger(elements) || !Number.isSafeInteger(byteLength))
    throw invalidGguf(path, `${what} has shape [${shape.join(', ')}], more than any file holds`)
  const offset = cursor.uint64(`the offset of ${what}`, Number.MAX_SAFE_INTEGER)
  if (offset % alignment !== 0)
    throw invalidGguf(path, `${what} begins at ${offset}, which isn't a multiple of ${alignment}`)
  return { name, type, shape, path, offset, byteLength }
}

function requireNoOverlap(path: string, tensors: ReadonlyMap<string, GgufTensor>): void {
  let last: GgufTensor | null = null
  for (const tensor of [...tensors.values()].sort((a, b) => a.offset - b.offset)) {
    if (last && tensor.offset < last.offset + last.byteLength)
      throw invalidGguf(path, `the tensors '${shown(last.name)}' and '${shown(tensor.name)}' overlap`)
    last = tensor
  }
}
