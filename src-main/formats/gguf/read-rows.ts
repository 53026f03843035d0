import { open } from 'node:fs/promises'
import { describeSystemError } from '../../base/errors.ts'
import { readableTypes } from './dequantize.ts'
import { invalidGguf, shown, unsupportedGguf } from './errors.ts'
import type { GgufTensor } from './header.ts'

/** Values of a row: of a vector they are single values. */
const rowLength = ({ shape }: Pick<GgufTensor, 'shape'>): number =>
  shape.slice(1).reduce((product, dimension) => product * dimension, 1)

/** Whether a tensor's values can be read. Throws SpellmError 'model-unsupported' naming type and tensor. */
export function requireReadable({ path, name, type }: GgufTensor): void {
  if (!readableTypes.has(type.name))
    throw unsupportedGguf(
      path,
      `the tensor '${shown(name)}' is stored as ${type.name}; supported are ${[...readableTypes.keys()].join(', ')}`,
      'Choose a GGUF file of the model in one of these types, such as Q4_K_M or Q8_0.',
    )
}

/**
 * Rows of a tensor as they are stored. A vector's rows are its values, and of one that is quantised the range must begin
 * and end with a block.
 *
 * @throws SpellmError 'file-invalid' (the file has become shorter)
 */
export async function readGgufBytes(
  tensor: GgufTensor,
  firstRow: number,
  count: number,
): Promise<Uint8Array> {
  const { type, path, name } = tensor
  const row = rowLength(tensor)
  const bytesOf = (rows: number) => ((rows * row) / type.blockSize) * type.blockBytes
  const bytes = new Uint8Array(bytesOf(count))
  try {
    const file = await open(path)
    try {
      for (let done = 0; done < bytes.length;) {
        const position = tensor.offset + bytesOf(firstRow) + done
        const { bytesRead } = await file.read(bytes, done, bytes.length - done, position)
        if (bytesRead === 0) throw invalidGguf(path, `ends within the tensor '${shown(name)}'`)
        done += bytesRead
      }
    } finally {
      await file.close()
    }
  } catch (error) {
    throw describeSystemError(error, path)
  }
  return bytes
}

/**
 * `readGgufBytes` as float32, exactly as ggml defines them.
 *
 * @returns [count, rowLength]
 * @throws SpellmError 'model-unsupported' (a type that can't be read), and as `readGgufBytes`
 */
export async function readGgufRows(
  tensor: GgufTensor,
  firstRow: number,
  count: number,
): Promise<Float32Array> {
  requireReadable(tensor)
  const values = new Float32Array(count * rowLength(tensor))
  readableTypes.get(tensor.type.name)!(await readGgufBytes(tensor, firstRow, count), values)
  return values
}
