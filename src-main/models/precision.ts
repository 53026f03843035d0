import { join } from 'node:path'
import { dataFolder } from '../data-folder.ts'
import type { BaseModel } from './base-model.ts'
import type { Bits } from './quantize.ts'
import { openQuantizedModel, quantizeModel } from './quantized-weights.ts'

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
 * minute for a billion weights.
 *
 * @param sha256 identifies the model
 * @throws SpellmError 'file-invalid' for a damaged file of quantised weights, 'disk-full'; CancelledError
 */
export async function withPrecision(
  model: BaseModel,
  precision: Precision,
  sha256: string,
  { folder = quantizedFolder(), onQuantize, signal }: QuantizationPlace = {},
): Promise<BaseModel> {
  const bits = bitsOf[precision]
  if (bits === null) return model
  const file = join(folder, `${sha256.slice(0, 16)}-${precision}.safetensors`)
  const known = await openQuantizedModel(model, file, { bits, sha256 })
  if (known) return known
  await quantizeModel(model, file, {
    bits,
    sha256,
    ...(onQuantize ? { onProgress: onQuantize } : {}),
    ...(signal ? { signal } : {}),
  })
  return (await openQuantizedModel(model, file, { bits, sha256 }))!
}
