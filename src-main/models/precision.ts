import { join } from 'node:path'
import { dataFolder } from '../data-folder.ts'
import { hashBaseModel } from './base-model-hash.ts'
import type { BaseModel } from './base-model.ts'
import type { Bits } from './quantize.ts'
import { openQuantizedModel, quantizeModel } from './quantized-weights.ts'
import { isInPlace } from './weights.ts'
import { openWidenedModel, widenModel } from './widened-weights.ts'

/** How the weights of a base model are computed with: as they are stored, or quantised. */
export const precisions = ['stored', 'int8', 'int4'] as const
export type Precision = (typeof precisions)[number]

/** Bits of a quantised precision. */
export const bitsOf: Readonly<Record<Precision, Bits | null>> = { stored: null, int8: 8, int4: 4 }

/**
 * The model with its trunk's matrix products, keys and values in float16, which halves what they take on a graphics
 * card. What lies between the products stays in float32: residual stream, norms, softmax; and so does the LM head.
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
 * The model in a precision. Quantised weights are made once for each model and kept, since that takes half a
 * minute for a billion weights. So are the float32 ones of a GGUF whose weights are quantised by ggml: `stored`
 * computes with exactly the numbers that they stand for.
 *
 * @param sha256 identifies the model
 * @throws SpellmError 'file-invalid' for a damaged file of quantised or widened weights, 'disk-full'; CancelledError
 */
export async function withPrecision(
  model: BaseModel,
  precision: Precision,
  sha256: string,
  { folder = quantizedFolder(), onQuantize, signal }: QuantizationPlace = {},
): Promise<BaseModel> {
  if (isReady(model, precision)) return model
  const bits = bitsOf[precision]
  const options = {
    sha256,
    ...(onQuantize ? { onProgress: onQuantize } : {}),
    ...(signal ? { signal } : {}),
  }
  const kind = bits === null ? 'widened' : precision
  const file = join(folder, `${sha256.slice(0, 16)}-${kind}.safetensors`)
  const open = () =>
    bits === null
      ? openWidenedModel(model, file, { sha256 })
      : openQuantizedModel(model, file, { bits, sha256 })
  const known = await open()
  if (known) return known
  if (bits === null) await widenModel(model, file, options)
  else await quantizeModel(model, file, { ...options, bits })
  return (await open())!
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
