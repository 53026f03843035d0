import { writeFileAtomically } from '../atomic-file.ts'
import { dtypeSizes, type SafetensorsDtype } from './dtypes.ts'

/** A tensor to be written, row by row in C order; float16 and bfloat16 as bit patterns. */
export interface TensorData {
  readonly dtype: SafetensorsDtype
  readonly shape: readonly number[]
  readonly data: Float32Array | Float64Array | Uint8Array | Uint16Array | Int32Array | BigInt64Array
}

/**
 * Writes a safetensors file atomically.
 *
 * @throws RangeError if data doesn't fill its shape; SpellmError for errors of the operating system
 */
export async function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, TensorData>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: metadata }
  let offset = 0
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    const bytes = shape.reduce((product, dimension) => product * dimension, dtypeSizes[dtype])
    if (data.byteLength !== bytes)
      throw new RangeError(`'${name}': ${data.byteLength} bytes for ${dtype} [${shape.join(', ')}]`)
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
    for (const { data } of Object.values(tensors))
      await file.writeFile(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  })
}
