import { dirname } from 'node:path'
import {
  invalidGguf,
  readGgufBytes,
  readGgufRows,
  requireReadable,
  type GgufFile,
  type GgufTensor,
} from '../../formats/gguf.ts'
import type { TensorEntry } from '../../formats/safetensors.ts'
import { floatTypes, type WeightFacts, type WeightStore } from '../weight-store.ts'
import type { Layout } from './layouts.ts'
import { transformersName } from './tensor-names.ts'

/** Tensors that the architecture is described with, or that nothing is computed from. */
const notWeights = /^(rope_freqs|rope_factors_(long|short)|blk\.\d+\.(attn_rot_embd|rope_freqs))\.weight$/

/**
 * The weights of a GGUF, by their names in transformers and with the rows of queries and keys in its order.
 *
 * @param heads of queries and of keys
 * @throws SpellmError 'model-unsupported' for a type that can't be read | 'file-invalid'
 */
export function ggufWeights(
  { path, files, tensors }: GgufFile,
  { names, isPermuted = false }: Layout,
  heads: { readonly query: number; readonly key: number },
): WeightStore {
  const stored = new Map<string, GgufTensor>()
  const inPlace = new Map<string, TensorEntry>()
  const weights = new Map<string, WeightFacts>()
  let bytes = 0
  const headsOf = (name: string) => {
    if (!isPermuted) return null
    if (/\.q_proj\.(weight|bias)$/.test(name)) return heads.query
    return /\.k_proj\.(weight|bias)$/.test(name) ? heads.key : null
  }
  for (const tensor of tensors.values()) {
    if (notWeights.test(tensor.name)) continue
    requireReadable(tensor)
    // One without a name there keeps its own, and is refused with it where weights are compared with the architecture.
    const name = transformersName(names, tensor.name) ?? tensor.name
    stored.set(name, tensor)
    weights.set(name, { shape: tensor.shape, type: tensor.type.name, path: tensor.path })
    bytes += tensor.byteLength
    const dtype = floatTypes.find((type) => type === tensor.type.name)
    const { shape, path, offset, byteLength } = tensor
    if (dtype && headsOf(name) === null) inPlace.set(name, { name, dtype, shape, path, offset, byteLength })
  }
  const reader =
    <Elements extends Uint8Array | Float32Array>(
      read: (tensor: GgufTensor, firstRow: number, count: number) => Promise<Elements>,
    ) =>
    (name: string, firstRow: number, count: number): Promise<Elements> => {
      const tensor = stored.get(name)!
      const parts = headsOf(name)
      return parts === null
        ? read(tensor, firstRow, count)
        : readUnpermuted(tensor, parts, { firstRow, count }, (first, rows) => read(tensor, first, rows))
    }
  return {
    folder: dirname(path),
    files,
    tensors: inPlace,
    weights,
    bytes,
    readRows: reader(readGgufRows),
    readBytes: reader(readGgufBytes),
  }
}

/**
 * llama.cpp rotates neighbours, transformers rotates halves: its converter writes row i of a head's first half as row
 * 2 i, and of its second half as 2 i + 1. Whole heads are read and put back into order.
 *
 * @param read gives `count` rows from `firstRow` on as the file has them, each of the same number of elements
 */
async function readUnpermuted<Elements extends Uint8Array | Float32Array>(
  tensor: GgufTensor,
  heads: number,
  { firstRow, count }: { readonly firstRow: number; readonly count: number },
  read: (firstRow: number, count: number) => Promise<Elements>,
): Promise<Elements> {
  const headRows = tensor.shape[0]! / heads
  if (!Number.isInteger(headRows) || headRows % 2 !== 0)
    throw invalidGguf(
      tensor.path,
      `the tensor '${tensor.name}' has ${tensor.shape[0]!} rows, which don't divide into ${heads} heads of an even size`,
    )
  // A vector's blocks may lie across heads.
  const whole = tensor.shape.length === 1
  const from = whole ? 0 : Math.floor(firstRow / headRows) * headRows
  const to = whole ? tensor.shape[0]! : Math.ceil((firstRow + count) / headRows) * headRows
  const stored = await read(from, to - from)
  const row = stored.length / (to - from)
  const ordered = stored.slice(0, count * row) as Elements
  const half = headRows / 2
  for (let i = 0; i < count; i++) {
    const inHead = (firstRow + i) % headRows
    const head = firstRow + i - inHead
    const source = head + 2 * (inHead % half) + Math.floor(inHead / half) - from
    ordered.set(stored.subarray(source * row, (source + 1) * row), i * row)
  }
  return ordered
}
