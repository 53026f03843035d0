import { open, type FileHandle } from 'node:fs/promises'
import { describeSystemError, SpellmError } from '../../base/errors.ts'
import { bfloat16ToFloat32, float16ToFloat32 } from '../half.ts'
import type { TensorEntry } from './header.ts'

/** One read of a file takes at most this much: the system call's limit is 2 GiB. */
const maxReadBytes = 1 << 30
const scanBytes = 8 << 20

/** A tensor's bytes. Throws SpellmError 'file-invalid' if the file has become shorter. */
export async function readTensorBytes(entry: TensorEntry): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(entry.byteLength)
  await withFile(entry, (file) => readFully(file, bytes, entry.offset, entry))
  return bytes
}

/**
 * A tensor of F32, F16, BF16 or F64 as float32.
 *
 * @throws SpellmError 'file-invalid' (another dtype, or a file that has become shorter)
 */
export async function readTensor(entry: TensorEntry): Promise<Float32Array> {
  return toFloat32(entry, await readTensorBytes(entry))
}

/**
 * Reads a float tensor in pieces, in constant memory.
 *
 * @throws SpellmError 'model-invalid' naming file, tensor and index of the first NaN or infinity
 */
export async function checkFinite(entry: TensorEntry): Promise<void> {
  await withFile(entry, async (file) => {
    for (let done = 0; done < entry.byteLength; done += scanBytes) {
      const piece = new Uint8Array(Math.min(scanBytes, entry.byteLength - done))
      await readFully(file, piece, entry.offset + done, entry)
      const values = toFloat32(entry, piece)
      const bad = values.findIndex((value) => !Number.isFinite(value))
      if (bad >= 0) {
        const index = (done / entry.byteLength) * entry.shape.reduce((a, b) => a * b, 1) + bad
        throw new SpellmError(
          'model-invalid',
          `${entry.path}: the weight '${entry.name}' holds ${values[bad]!} at index ${index}.`,
          'The weights are damaged, or training them diverged: download them again or choose another checkpoint.',
        )
      }
    }
  })
}

function toFloat32({ dtype, path, name }: TensorEntry, bytes: Uint8Array<ArrayBuffer>): Float32Array {
  switch (dtype) {
    case 'F32':
      return new Float32Array(bytes.buffer)
    case 'F16':
      return float16ToFloat32(new Uint16Array(bytes.buffer))
    case 'BF16':
      return bfloat16ToFloat32(new Uint16Array(bytes.buffer))
    case 'F64':
      return Float32Array.from(new Float64Array(bytes.buffer))
    default:
      throw new SpellmError(
        'file-invalid',
        `${path}: '${name}' has dtype ${dtype}; a floating-point dtype is expected.`,
        'Choose a version of the model that is not quantised.',
      )
  }
}

async function withFile<T>({ path }: TensorEntry, use: (file: FileHandle) => Promise<T>): Promise<T> {
  try {
    const file = await open(path)
    try {
      return await use(file)
    } finally {
      await file.close()
    }
  } catch (error) {
    throw describeSystemError(error, path)
  }
}

async function readFully(
  file: FileHandle,
  into: Uint8Array,
  position: number,
  { path, name }: TensorEntry,
): Promise<void> {
  for (let done = 0; done < into.length;) {
    const { bytesRead } = await file.read(
      into,
      done,
      Math.min(maxReadBytes, into.length - done),
      position + done,
    )
    if (bytesRead === 0)
      throw new SpellmError(
        'file-invalid',
        `${path} ends within the tensor '${name}'.`,
        'The file is incomplete: download it again.',
      )
    done += bytesRead
  }
}
