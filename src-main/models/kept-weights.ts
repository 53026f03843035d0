import { SpellmError, nullIfNotFound } from '../base/errors.ts'
import { splitBlocks, splittableBlock, splittableTypes } from '../formats/gguf.ts'
import {
  openSafetensors,
  type SafetensorsFile,
  type TensorData,
  type TensorEntry,
} from '../formats/safetensors.ts'
import { memoize } from '../base/memoize.ts'
import type { BaseModel } from './base-model.ts'
import type { QuantizedMatrix } from './blocks.ts'
import {
  valuesOf,
  writeDerivedWeights,
  type DerivedWeightsOptions,
  type ReportValues,
} from './derived-weights.ts'
import { keptMatrices, matrixGroups } from './kept-matrices.ts'
import { sideBySide } from './side-by-side-tensors.ts'
import { externalFiles } from './weights.ts'
import { hasWidened, weightsToWiden, widened } from './widened-weights.ts'

const format = 'spellm-kept-1'
/** Bytes of a file that are read and taken apart at once. */
const pieceBytes = 4 << 20

/** Parts of a matrix in a file: `NAME.packed` and so on. */
const suffixes = ['packed', 'scales', 'minima'] as const
type Suffix = (typeof suffixes)[number]

const keptOf = ({ architecture, checkpoint }: BaseModel) => keptMatrices(architecture, checkpoint.weights)

/** The weights that `keepModel` writes as floats. */
function weightsBeside(model: BaseModel): string[] {
  const kept = keptOf(model)
  return weightsToWiden(model).filter((name) => !kept.has(name))
}

/**
 * Writes the blocks of a GGUF's matrices to a safetensors file, in the layout of onnxruntime's product: their integers,
 * scales and minima, no number changed. What has another type is widened, as by `widenModel`.
 *
 * @throws SpellmError for errors of the operating system; CancelledError, and no file is left
 */
export async function keepModel(
  model: BaseModel,
  file: string,
  options: DerivedWeightsOptions,
): Promise<void> {
  const kept = keptOf(model)
  const others = weightsBeside(model)
  const total = [...kept, ...others].reduce((sum, name) => sum + valuesOf(model, name), 0)
  const tensorsOf = (report: ReportValues) => {
    const tensors: Record<string, TensorData> = {}
    for (const group of matrixGroups(model.architecture)) {
      const names = group.filter((name) => kept.has(name))
      const parts = names.map((name) => blocksOf(model, name, report))
      // Side by side, so that they can be read as one matrix. Scales are full when the integers were written.
      for (const suffix of suffixes)
        for (const [i, name] of names.entries()) {
          const part = parts[i]![suffix]
          if (part) tensors[`${name}.${suffix}`] = part
        }
    }
    for (const name of others) tensors[name] = widened(model, name, report)
    return tensors
  }
  await writeDerivedWeights(file, { format }, total, tensorsOf, options)
}

/** A matrix's blocks as they are to be written; the integers are read piece by piece when their turn comes. */
function blocksOf(model: BaseModel, name: string, report: ReportValues): Partial<Record<Suffix, TensorData>> {
  const { type } = model.checkpoint.weights.get(name)!
  const { outputs, inputs, blocks, blockBytes, hasMinima } = sizeOf(model, name)
  const scales = new Float32Array(outputs * blocks)
  const minima = hasMinima ? new Float32Array(outputs * blocks) : null
  const step = Math.max(1, Math.floor(pieceBytes / (blocks * blockBytes)))
  const packed: TensorData = {
    dtype: 'U8',
    shape: [outputs, blocks, blockBytes],
    data: async function* () {
      for (let first = 0; first < outputs; first += step) {
        const rows = Math.min(step, outputs - first)
        const split = splitBlocks(type, await model.checkpoint.readBytes(name, first, rows))
        scales.set(split.scales, first * blocks)
        if (split.minima) minima?.set(split.minima, first * blocks)
        yield split.integers
        await report(rows * inputs)
      }
    },
  }
  const numbers = (data: Float32Array): TensorData => ({ dtype: 'F32', shape: [outputs, blocks], data })
  return { packed, scales: numbers(scales), ...(minima ? { minima: numbers(minima) } : {}) }
}

function sizeOf({ checkpoint }: BaseModel, name: string) {
  const { shape, type } = checkpoint.weights.get(name)!
  const [outputs, inputs] = shape as [number, number]
  const { bits, hasMinima } = splittableTypes.get(type)!
  const blocks = inputs / splittableBlock
  return { outputs, inputs, blocks, bits, blockBytes: (splittableBlock * bits) / 8, hasMinima }
}

/**
 * The model with the blocks and widened weights of a file that `keepModel` wrote; null if there is no such file.
 *
 * @throws SpellmError 'file-invalid' for a file of another model, or a damaged one
 */
export async function openKeptModel(
  model: BaseModel,
  file: string,
  { sha256 }: Pick<DerivedWeightsOptions, 'sha256'>,
): Promise<BaseModel | null> {
  const opened = await openSafetensors(file).catch(nullIfNotFound)
  if (!opened) return null
  requireMatch(model, opened, sha256)
  const kept = keptOf(model)
  const { folder, locate } = await externalFiles([...model.checkpoint.files, opened.path])
  const tensor = memoize((name: string) =>
    locate((model.checkpoint.tensors.get(name) ?? opened.tensors.get(name))!),
  )
  const entriesOf = (names: readonly string[], suffix: Suffix) =>
    names.map((name) => opened.tensors.get(`${name}.${suffix}`)!)
  /** Matrices of one type that are stored side by side, as one. */
  const joinedBlocks = (names: readonly string[]): QuantizedMatrix | null => {
    const { bits, inputs, hasMinima } = sizeOf(model, names[0]!)
    const part = (suffix: Suffix) => {
      const whole = sideBySide(entriesOf(names, suffix))
      return whole && locate(whole)
    }
    const [packed, scales, minima] = [part('packed'), part('scales'), hasMinima ? part('minima') : undefined]
    if (!packed || !scales || minima === null) return null
    const outputs = packed.shape[0] as number
    return {
      bits,
      blockSize: splittableBlock,
      outputs,
      inputs,
      packed,
      scales,
      ...(minima ? { minima } : {}),
    }
  }
  const matrix = memoize((name: string) => (kept.has(name) ? joinedBlocks([name])! : tensor(name)))
  const typeOf = (name: string) => model.checkpoint.weights.get(name)!.type
  const joined = (names: readonly string[]) =>
    names.every((name) => kept.has(name) && typeOf(name) === typeOf(names[0]!)) ? joinedBlocks(names) : null
  return {
    ...model,
    weights: { folder, isQuantized: true, products: 'float32', tensor, matrix, table: matrix, joined },
  }
}

function requireMatch(model: BaseModel, { path, metadata, tensors }: SafetensorsFile, sha256: string): void {
  const is = (entry: TensorEntry | undefined, dtype: string, shape: readonly number[]) =>
    entry?.dtype === dtype && entry.shape.join() === shape.join()
  const isMatch =
    metadata['format'] === format &&
    metadata['base'] === sha256 &&
    hasWidened(model, tensors, weightsBeside(model)) &&
    [...keptOf(model)].every((name) => {
      const { outputs, blocks, blockBytes, hasMinima } = sizeOf(model, name)
      const part = (suffix: Suffix) => tensors.get(`${name}.${suffix}`)
      return (
        is(part('packed'), 'U8', [outputs, blocks, blockBytes]) &&
        is(part('scales'), 'F32', [outputs, blocks]) &&
        (!hasMinima || is(part('minima'), 'F32', [outputs, blocks]))
      )
    })
  if (!isMatch)
    throw new SpellmError(
      'file-invalid',
      `${path} does not hold the blocks of this model.`,
      'Delete the file; it is made again when it is needed.',
    )
}
