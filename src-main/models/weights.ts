import { realpath } from 'node:fs/promises'
import { dirname, relative, sep } from 'node:path'
import { describeSystemError, SpellmError } from '../base/errors.ts'
import type { WeightFiles, SafetensorsDtype, TensorEntry } from '../formats/safetensors.ts'
import { external, type DType, type Value } from '../graph/index.ts'
import { memoize } from '../base/memoize.ts'
import { weightShapes, type Architecture } from './architecture.ts'
import type { Matrix, ProductType } from './blocks.ts'

/** Where a graph gets its weights from: the files of a checkpoint, or inputs while training. */
export interface WeightSource {
  /** What the trunk's matrix products are computed in. */
  readonly products: ProductType
  /** A tensor as it is stored. */
  readonly tensor: (name: string) => Value
  /** The matrix of a linear layer, perhaps quantised. */
  readonly matrix: (name: string) => Matrix
  /** The table of an embedding, whose rows are picked. */
  readonly table: (name: string) => Matrix
  /** Matrices of the same inner size as one, outputs one after another; null: they aren't stored side by side. */
  readonly joined: (names: readonly string[]) => Matrix | null
}

/** Weights that are stored in files. */
export interface StoredWeights extends WeightSource {
  /** The folder that the files are named relative to in a graph. */
  readonly folder: string
  /** Whether the matrices are quantised. */
  readonly isQuantized: boolean
}

/** The dtypes that weights may have. */
const weightDtypes: Partial<Record<SafetensorsDtype, DType>> = {
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  U8: 'uint8',
}

/** A checkpoint's weights, in place and as they are stored in its files. */
export async function checkpointWeights({ tensors, files }: WeightFiles): Promise<StoredWeights> {
  const { folder, locate } = await externalFiles(files)
  const tensor = memoize((name: string) => locate(tensors.get(name)!))
  return floatWeights(folder, tensor)
}

/** Weights that are all floats, each a tensor of its own. */
export function floatWeights(folder: string, tensor: (name: string) => Value): StoredWeights {
  return {
    folder,
    isQuantized: false,
    products: 'float32',
    tensor,
    matrix: tensor,
    table: tensor,
    joined: () => null,
  }
}

/** Whether graphs can read all weights of an architecture in place. */
export function isInPlace(architecture: Architecture, { tensors }: WeightFiles): boolean {
  return [...weightShapes(architecture).keys()].every((name) => tensors.has(name))
}

/** Stands for the weights of a GGUF until they were widened. Who computes with it has left out `withPrecision`. */
export function weightsToBeWidened(path: string): StoredWeights {
  const refuse = (): never => {
    throw new TypeError(`the weights of ${path} have to be widened before they can be computed with`)
  }
  return floatWeights(dirname(path), refuse)
}

/** External data of tensors that are in any of `files`. */
export async function externalFiles(
  files: readonly string[],
): Promise<{ readonly folder: string; readonly locate: (entry: TensorEntry) => Value }> {
  // onnxruntime follows no link out of the folder that it is given, and the Hub's cache consists of links.
  const targets = new Map<string, string>()
  for (const file of files)
    targets.set(
      file,
      await realpath(file).catch((error: unknown) => {
        throw describeSystemError(error, file)
      }),
    )
  const folder = commonFolder([...targets.values()])
  return {
    folder,
    locate: ({ name, shape, dtype, path, offset, byteLength }) => {
      const file = relative(folder, targets.get(path)!).replaceAll(sep, '/')
      return external(name, shape, weightDtypes[dtype]!, { file, offset, byteLength })
    },
  }
}

/** The deepest folder that holds all of `paths`. Throws SpellmError where there is none (drives of Windows). */
function commonFolder(paths: readonly string[]): string {
  let folder = dirname(paths[0]!)
  for (const path of paths)
    while (!path.startsWith(folder.endsWith(sep) ? folder : folder + sep)) {
      if (dirname(folder) === folder)
        throw new SpellmError(
          'setting-invalid',
          `${paths[0]!} and ${path} are on different drives.`,
          'Keep the model and the folder for quantised weights on the same drive.',
        )
      folder = dirname(folder)
    }
  return folder
}
