import {
  openCheckpoint,
  readTensor,
  readTensorBytes,
  type WeightFiles,
  type SafetensorsDtype,
  type TensorEntry,
} from '../formats/safetensors.ts'

/** How a weight is stored: a dtype of safetensors, or a type of ggml such as 'Q4_K'. */
export type WeightType = string

/** What a model's files say about a weight. */
export interface WeightFacts {
  readonly shape: readonly number[]
  readonly type: WeightType
  /** Absolute path of its file. */
  readonly path: string
}

/** A model's weights, by their names in the architecture, whatever they are stored as. */
export interface WeightStore extends WeightFiles {
  /** All of them. `tensors` are those that a graph can read in place. */
  readonly weights: ReadonlyMap<string, WeightFacts>
  /** Bytes of all of them in the files. */
  readonly bytes: number
  /**
   * Rows of a weight along its first axis as float32: [count, row].
   *
   * @throws SpellmError 'file-invalid' for a file that has become shorter
   */
  readRows(name: string, firstRow: number, count: number): Promise<Float32Array>
  /** The same rows as they are stored. Throws as `readRows`. */
  readBytes(name: string, firstRow: number, count: number): Promise<Uint8Array>
}

/** The dtypes of weights that graphs read in place. */
export const floatTypes = ['F32', 'F16', 'BF16'] as const satisfies readonly SafetensorsDtype[]

/**
 * The weights of a folder's safetensors files.
 *
 * @throws SpellmError as `openCheckpoint`
 */
export async function openFolderWeights(folder: string): Promise<WeightStore> {
  const checkpoint = await openCheckpoint(folder)
  const weights = new Map<string, WeightFacts>()
  let bytes = 0
  for (const [name, { shape, dtype, path, byteLength }] of checkpoint.tensors) {
    weights.set(name, { shape, type: dtype, path })
    bytes += byteLength
  }
  const rowsOf = (name: string, firstRow: number, count: number): TensorEntry => {
    const entry = checkpoint.tensors.get(name)!
    const rowBytes = entry.byteLength / entry.shape[0]!
    return {
      ...entry,
      shape: [count, ...entry.shape.slice(1)],
      offset: entry.offset + firstRow * rowBytes,
      byteLength: count * rowBytes,
    }
  }
  return {
    ...checkpoint,
    weights,
    bytes,
    readRows: (...rows) => readTensor(rowsOf(...rows)),
    readBytes: (...rows) => readTensorBytes(rowsOf(...rows)),
  }
}
