import { SpellmError, nullIfNotFound } from '../base/errors.ts'
import { float32ToBfloat16, float32ToFloat16 } from '../formats/half.ts'
import { openSafetensors, type TensorData, type TensorEntry } from '../formats/safetensors.ts'
import { memoize } from '../base/memoize.ts'
import { weightShapes } from './architecture.ts'
import type { BaseModel } from './base-model.ts'
import {
  valuesOf,
  writeDerivedWeights,
  type DerivedWeightsOptions,
  type ReportValues,
} from './derived-weights.ts'
import { externalFiles, floatWeights } from './weights.ts'

const format = 'spellm-widened-1'
/** Values that are read and written at once. */
const pieceValues = 4 << 20

/**
 * Writes what graphs can't read in place in a GGUF to a safetensors file: quantised weights as float32, which
 * holds each of them exactly, and rows in another order as what they are.
 *
 * @throws SpellmError for errors of the operating system; CancelledError, and no file is left
 */
export async function widenModel(
  model: BaseModel,
  file: string,
  options: DerivedWeightsOptions,
): Promise<void> {
  const missing = weightsToWiden(model)
  const total = missing.reduce((sum, name) => sum + valuesOf(model, name), 0)
  const tensorsOf = (report: ReportValues) =>
    Object.fromEntries(missing.map((name) => [name, widened(model, name, report)]))
  await writeDerivedWeights(file, { format }, total, tensorsOf, options)
}

/** The weights of a model that graphs can't read in place. */
export function weightsToWiden({ architecture, checkpoint }: BaseModel): string[] {
  return [...weightShapes(architecture).keys()].filter((name) => !checkpoint.tensors.has(name))
}

/** The smallest dtype that holds a weight exactly. */
function dtypeOf({ checkpoint }: BaseModel, name: string): 'F32' | 'F16' | 'BF16' {
  const { type } = checkpoint.weights.get(name)!
  return type === 'F16' || type === 'BF16' ? type : 'F32'
}

const narrow = { F32: (values: Float32Array) => values, F16: float32ToFloat16, BF16: float32ToBfloat16 }

/**
 * A weight as it is to be written, read piece by piece when its turn comes.
 *
 * @param report called after each piece, with its values
 */
export function widened(model: BaseModel, name: string, report: ReportValues): TensorData {
  const { shape } = model.checkpoint.weights.get(name)!
  const dtype = dtypeOf(model, name)
  const rows = shape[0]!
  const step = Math.max(1, Math.floor(pieceValues / (valuesOf(model, name) / rows)))
  return {
    dtype,
    shape,
    data: async function* () {
      for (let first = 0; first < rows; first += step) {
        const values = await model.checkpoint.readRows(name, first, Math.min(step, rows - first))
        yield narrow[dtype](values)
        await report(values.length)
      }
    },
  }
}

/**
 * The model with the weights of a file that `widenModel` wrote; null if there is no such file.
 *
 * @throws SpellmError 'file-invalid' for a file of another model, or a damaged one
 */
export async function openWidenedModel(
  model: BaseModel,
  file: string,
  { sha256 }: Pick<DerivedWeightsOptions, 'sha256'>,
): Promise<BaseModel | null> {
  const opened = await openSafetensors(file).catch(nullIfNotFound)
  if (!opened) return null
  const { metadata, tensors, path } = opened
  if (metadata['format'] !== format || metadata['base'] !== sha256 || !hasWidened(model, tensors))
    throw new SpellmError(
      'file-invalid',
      `${path} does not hold the widened weights of this model.`,
      'Delete the file; it is made again when it is needed.',
    )
  const { folder, locate } = await externalFiles([...model.checkpoint.files, path])
  const tensor = memoize((name: string) => locate((model.checkpoint.tensors.get(name) ?? tensors.get(name))!))
  return { ...model, weights: floatWeights(folder, tensor) }
}

/** Whether a file holds some weights as `widened` writes them. Default: all of them that have to be. */
export function hasWidened(
  model: BaseModel,
  tensors: ReadonlyMap<string, TensorEntry>,
  names: readonly string[] = weightsToWiden(model),
): boolean {
  return names.every((name) => {
    const found = tensors.get(name)
    return (
      found?.dtype === dtypeOf(model, name) &&
      found.shape.join() === model.checkpoint.weights.get(name)!.shape.join()
    )
  })
}
