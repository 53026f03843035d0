import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import { SpellmError } from '../base/errors.ts'
import {
  openSafetensors,
  readTensorBytes,
  writeSafetensors,
  type SafetensorsDtype,
  type TensorData,
  type TensorEntry,
} from '../formats/safetensors.ts'

/** What the trunk makes of some positions of a text, and what the base model would say after each. */
interface CachedPositions {
  /** float16 bit patterns [count · d]. */
  readonly hidden: Uint16Array
  /** The base model's greedy choices [count]. */
  readonly choices: Int32Array
  /** The logarithm of the sum of the exponentials of all logits [count]; a chunk of an older version has none. */
  readonly logZ?: Float32Array
}

/** Positions of a text that the base model wrote itself. */
export interface WrittenPositions extends CachedPositions {
  readonly logZ: Float32Array
  /** The token that was read at each position [count]. */
  readonly ids: Int32Array
  /** For each position, where its conversation begins among them [count]; the pieces' prefix precedes what stands there. */
  readonly starts: Int32Array
  /** 1 where the token after the position belongs to an answer [count]. */
  readonly inAnswer: Uint8Array
}

export type StoredPositions = CachedPositions & Partial<WrittenPositions>

/** The path of a chunk, and what it must hold. */
export interface ChunkPlace {
  readonly folder: string
  readonly chunk: number
  readonly positions: number
  readonly hiddenSize: number
}

type Field = keyof WrittenPositions
type Data = Uint16Array | Int32Array | Float32Array | Uint8Array

/** A chunk's fields in the order of the checksum. The first two are in every chunk. */
const fields = ['hidden', 'choices', 'logZ', 'ids', 'starts', 'inAnswer'] as const satisfies readonly Field[]
const dtypes: Readonly<Record<Field, SafetensorsDtype>> = {
  hidden: 'F16',
  choices: 'I32',
  logZ: 'F32',
  ids: 'I32',
  starts: 'I32',
  inAnswer: 'U8',
}
const typed: Readonly<Record<string, (buffer: ArrayBuffer) => Data>> = {
  F16: (buffer) => new Uint16Array(buffer),
  I32: (buffer) => new Int32Array(buffer),
  F32: (buffer) => new Float32Array(buffer),
  U8: (buffer) => new Uint8Array(buffer),
}

const metadataSchema = z.object({ text: z.string(), checksum: z.string() })

export const chunkName = (chunk: number) => `chunk-${String(chunk).padStart(5, '0')}.safetensors`

/** Whether a file of a cache's folder is a chunk. */
export const isChunkName = (name: string) => /^chunk-\d+\.safetensors$/.test(name)

/** A checksum of an array's bytes, on top of that of others. */
export function checksumOf(data: Data, before = 0): number {
  return crc32(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), before)
}

/**
 * Writes a chunk, whole or not at all.
 *
 * @param text what tells which text it is of
 * @throws SpellmError 'disk-full' | 'permission-denied' …
 */
export async function writeChunk(place: ChunkPlace, text: string, stored: StoredPositions): Promise<void> {
  const tensors: Record<string, TensorData> = {}
  for (const field of fields) {
    const data = stored[field]
    if (data) tensors[field] = { dtype: dtypes[field], shape: shapeOf(place, field), data }
  }
  await writeSafetensors(join(place.folder, chunkName(place.chunk)), tensors, {
    text,
    checksum: checksum(stored),
  })
}

/**
 * Reads a chunk and checks it.
 *
 * @returns its positions, and what tells which text it is of
 * @throws SpellmError 'file-not-found' | 'file-invalid'
 */
export async function openChunk(
  place: ChunkPlace,
): Promise<{ readonly positions: StoredPositions; readonly text: string }> {
  const path = join(place.folder, chunkName(place.chunk))
  const file = await openSafetensors(path)
  const metadata = metadataSchema.safeParse(file.metadata)
  if (!metadata.success) throw damaged(path)
  const read: Partial<Record<Field, Data>> = {}
  for (const field of fields) {
    const entry = file.tensors.get(field)
    if (entry && fits(entry, place, field)) {
      read[field] = typed[entry.dtype]!((await readTensorBytes(entry)).buffer)
    } else if (entry || field === 'hidden' || field === 'choices') throw damaged(path)
  }
  // Each field was given the type of its dtype.
  const positions = read as unknown as StoredPositions
  if (checksum(positions) !== metadata.data.checksum) throw damaged(path)
  return { positions, text: metadata.data.text }
}

const shapeOf = ({ positions, hiddenSize }: ChunkPlace, field: Field) =>
  field === 'hidden' ? [positions, hiddenSize] : [positions]

function fits({ dtype, shape }: TensorEntry, place: ChunkPlace, field: Field): boolean {
  return dtype === dtypes[field] && shape.join() === shapeOf(place, field).join()
}

function checksum(stored: StoredPositions): string {
  let sum = 0
  for (const field of fields) {
    const data = stored[field]
    if (data) sum = checksumOf(data, sum)
  }
  return sum.toString(16)
}

/** A chunk that can't be read. */
export function damaged(path: string): SpellmError {
  return new SpellmError(
    'file-invalid',
    `${path} is damaged or belongs to another run.`,
    'Delete the file; it is computed again.',
  )
}
