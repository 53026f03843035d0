import { writeFileAtomically } from '../../base/atomic-file.ts'
import { dtypeSizes, type SafetensorsDtype } from './dtypes.ts'

/**
 * A tensor to be written, row by row in C order; float16 and bfloat16 as bit patterns. Its data may be made
 * piece by piece when its turn comes.
 */
export interface TensorData {
  readonly dtype: SafetensorsDtype
  readonly shape: readonly number[]
  readonly data: TypedArray | (() => AsyncIterable<TypedArray>)
}

type TypedArray = Float32Array | Float64Array | Uint8Array | Uint16Array | Int32Array | BigInt64Array

/**
 * Writes a safetensors file atomically.
 *
 * @throws RangeError if data doesn't fill its shape, and nothing is left; SpellmError for errors of the operating system
 */
export async function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, TensorData>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: metadata }
  let offset = 0
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    const bytes = byteLength(dtype, shape)
    if (typeof data !== 'function') requireFull(name, data.byteLength, bytes)
    header[name] = { dtype, shape, data_offsets: [offset, offset + bytes] }
    offset += bytes
  }
  const json = Buffer.from(JSON.stringify(header))
  // Padding with spaces keeps the data aligned to 8 bytes, as memory mapping wants it.
  const padded = Buffer.alloc(Math.ceil(json.length / 8) * 8, ' ')
  json.copy(padded)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(padded.length))

  await writeFileAtomically(path, async (file) => {
    await file.writeFile(Buffer.concat([length, padded]))
    for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
      let written = 0
      for await (const piece of typeof data === 'function' ? data() : [data]) {
        await file.writeFile(new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength))
        written += piece.byteLength
      }
      requireFull(name, written, byteLength(dtype, shape))
    }
  })
}

const byteLength = (dtype: SafetensorsDtype, shape: readonly number[]) =>
  shape.reduce((product, dimension) => product * dimension, dtypeSizes[dtype])

function requireFull(name: string, bytes: number, expected: number): void {
  if (bytes !== expected)
    throw new RangeError(`'${name}': ${bytes} bytes where its shape asks for ${expected}`)
}
