import { join } from 'node:path'
import { dataFolder } from '../base/data-folder.ts'
import { SpellmError } from '../base/errors.ts'
import { splittableTypes } from '../formats/gguf.ts'
import { hashBaseModel } from './base-model-hash.ts'
import type { BaseModel } from './base-model.ts'
import type { DerivedWeightsOptions } from './derived-weights.ts'
import { keepModel, openKeptModel } from './kept-weights.ts'
import type { Bits } from './quantize.ts'
import { openQuantizedModel, quantizeModel } from './quantized-weights.ts'
import type { WeightType } from './weight-store.ts'
import { isInPlace } from './weights.ts'
import { openWidenedModel, widenModel } from './widened-weights.ts'

/**
 * How the weights of a base model are computed with: as floats, quantised by SpeLLM, or (of a GGUF) as its own blocks of Q4_0,
 * Q4_1 and Q8_0 are. `stored` computes with exactly the numbers that stand in the files.
 */
export const precisions = ['stored', 'kept', 'int8', 'int4'] as const
export type Precision = (typeof precisions)[number]

/** Bits of a weight in a precision that is quantised here; null: weights are taken as they are stored. */
export const bitsOf: Readonly<Record<Precision, Bits | null>> = { stored: null, kept: null, int8: 8, int4: 4 }

/**
 * How weights are computed with, for people: 'int8 from Q4_1', 'Q4_1 as it is'.
 *
 * @param source see `sourceOf`
 */
export function describeWeights(precision: Precision, source: WeightType | null): string {
  if (source === null) return precision
  if (precision === 'kept') return `${source} as it is`
  return `${precision === 'stored' ? 'float32' : precision} from ${source}`
}

/**
 * The model with its trunk's matrix products, keys and values in float16, which halves what they take on a graphics
 * card. What is between the products stays in float32: residual stream, norms, softmax; and so does the LM head.
 */
export function withHalfProducts(model: BaseModel): BaseModel {
  return { ...model, weights: { ...model.weights, products: 'float16' } }
}

/** Holds the quantised weights of all models. */
export const quantizedFolder = () => join(dataFolder(undefined), 'quantized')

/** Where quantised weights are kept, and who learns of the work. */
export interface QuantizationPlace {
  /** Default: `quantizedFolder`. */
  readonly folder?: string
  /** Weights done and in all, while they are quantised. */
  readonly onQuantize?: (done: number, total: number) => void
  readonly signal?: AbortSignal
}

/**
 * The model in a precision. What graphs can't read in place is written to a file once for each model and kept, since
 * quantising takes half a minute for a billion weights: quantised weights; the float32 ones of a GGUF whose weights are
 * quantised by ggml (`stored`); or its blocks in another layout (`kept`).
 *
 * @param sha256 identifies the model
 * @throws SpellmError as `requirePrecision`; 'file-invalid' for a damaged file of such weights, 'disk-full'; CancelledError
 */
export async function withPrecision(
  model: BaseModel,
  precision: Precision,
  sha256: string,
  { folder = quantizedFolder(), onQuantize, signal }: QuantizationPlace = {},
): Promise<BaseModel> {
  if (isReady(model, precision)) return model
  const form = formOf(model, precision)
  const options = {
    sha256,
    ...(onQuantize ? { onProgress: onQuantize } : {}),
    ...(signal ? { signal } : {}),
  }
  const file = join(folder, `${sha256.slice(0, 16)}-${form.name}.safetensors`)
  const known = await form.open(file, options)
  if (known) return known
  await form.write(file, options)
  return (await form.open(file, options))!
}

/** Throws SpellmError 'setting-invalid' for `kept` where no matrix lies in blocks that can be. */
export function requirePrecision({ architecture, folder }: BaseModel, precision: Precision): void {
  if (precision === 'kept' && !architecture.keptBytes)
    throw new SpellmError(
      'setting-invalid',
      `${folder} has no matrix in blocks of ${[...splittableTypes.keys()].join(', ')} that could be kept.`,
      "Choose the precision 'stored', 'int8' or 'int4'.",
    )
}

/** A file of weights that belong to a model. */
interface WeightsForm {
  readonly name: string
  write(file: string, options: DerivedWeightsOptions): Promise<void>
  /** Null: there is no such file. */
  open(file: string, options: DerivedWeightsOptions): Promise<BaseModel | null>
}

function formOf(model: BaseModel, precision: Precision): WeightsForm {
  const bits = bitsOf[precision]
  if (bits !== null)
    return {
      name: precision,
      write: (file, options) => quantizeModel(model, file, { ...options, bits }),
      open: (file, options) => openQuantizedModel(model, file, { ...options, bits }),
    }
  if (precision === 'stored')
    return {
      name: 'widened',
      write: (file, options) => widenModel(model, file, options),
      open: (file, options) => openWidenedModel(model, file, options),
    }
  requirePrecision(model, precision)
  return {
    name: precision,
    write: (file, options) => keepModel(model, file, options),
    open: (file, options) => openKeptModel(model, file, options),
  }
}

/** `withPrecision` for a model whose hash isn't known; it is computed where it is needed. */
export async function inPrecision(
  model: BaseModel,
  precision: Precision,
  place: QuantizationPlace = {},
): Promise<BaseModel> {
  return isReady(model, precision)
    ? model
    : withPrecision(model, precision, await hashBaseModel(model), place)
}

/** Whether a model as it was opened is what `withPrecision` makes of it. */
function isReady({ architecture, checkpoint }: BaseModel, precision: Precision): boolean {
  return precision === 'stored' && isInPlace(architecture, checkpoint)
}
