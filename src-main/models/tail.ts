import {
  add,
  constant,
  multiplyDimensions,
  reshape,
  rmsNormalize,
  staticElementCount,
  type Value,
} from '../graph/index.ts'
import { gatedMlp, linear, rmsNorm, type Matrix, type Purpose } from './blocks.ts'

/** The size of a tail: what turns a hidden state into k distributions over the alphabet. */
export interface TailShape {
  /** d, the width of the trunk. */
  readonly hiddenSize: number
  /** Inner width of each SwiGLU block of the adapter, from the trunk to the heads. */
  readonly adapterWidths: readonly number[]
  /** k, the longest spelling in symbols. */
  readonly k: number
  /** A, the number of symbols. */
  readonly alphabetSize: number
  /** Whether each symbol of each head has a bias: those of a tail with token symbols do. */
  readonly hasBias?: boolean
  /** With token symbols: the share of their log-sum-exp that is added to the first head's scores, see `anchored`. Absent: 0. */
  readonly anchor?: number
}

/** The normalisation's epsilon: it has no weight, since the linear layers after it absorb one. */
const epsilon = 1e-6

/**
 * Every parameter of a tail with its shape; linear weights are [out, in], the heads U are stored as [k · A, d], their bias as
 * [k · A, 1].
 */
export function tailParameterShapes({
  hiddenSize: d,
  adapterWidths,
  k,
  alphabetSize,
  hasBias = false,
}: TailShape): Map<string, readonly [rows: number, columns: number]> {
  const shapes = new Map<string, readonly [number, number]>()
  adapterWidths.forEach((width, block) => {
    shapes.set(`adapter.${block}.gate.weight`, [width, d])
    shapes.set(`adapter.${block}.up.weight`, [width, d])
    shapes.set(`adapter.${block}.down.weight`, [d, width])
  })
  shapes.set('heads.weight', [k * alphabetSize, d])
  if (hasBias) shapes.set('heads.bias', [k * alphabetSize, 1])
  return shapes
}

/**
 * What the heads read: y = x, then y ← y + SwiGLU(rms(y)) for each block of the adapter, then rms(y).
 *
 * @param hidden float32 [rows, d], after the trunk's final norm
 * @param weight gives each of `tailParameterShapes` by name
 * @returns [rows, d]
 */
export function tailFeatures(
  { hiddenSize, adapterWidths }: Pick<TailShape, 'hiddenSize' | 'adapterWidths'>,
  weight: (name: string) => Matrix,
  hidden: Value,
  purpose: Purpose,
): Value {
  const ones = constant(new Float32Array(hiddenSize).fill(1), [hiddenSize])
  const normalize = (x: Value) =>
    purpose === 'training' ? rmsNormalize(x, epsilon) : rmsNorm(x, ones, epsilon, purpose)
  let y = hidden
  adapterWidths.forEach((_, block) => {
    const part = (name: string) => weight(`adapter.${block}.${name}.weight`)
    y = add(y, gatedMlp(normalize(y), { gate: part('gate'), up: part('up'), down: part('down') }))
  })
  return normalize(y)
}

/**
 * The scores of the k character heads: the features' products with Uᵀ, and the bias where there is one.
 *
 * @param hidden float32 [rows, d], after the trunk's final norm
 * @param weight gives each of `tailParameterShapes` by name; the bias is a Value
 * @returns logits [rows · k, A]
 */
export function tailLogits(
  shape: TailShape,
  weight: (name: string) => Matrix,
  hidden: Value,
  purpose: Purpose,
): Value {
  const { k, alphabetSize, hasBias = false } = shape
  const products = linear(tailFeatures(shape, weight, hidden, purpose), weight('heads.weight'))
  const scores = hasBias
    ? add(products, reshape(weight('heads.bias') as Value, [1, k * alphabetSize]))
    : products
  return reshape(scores, [multiplyDimensions(hidden.shape[0]!, k), alphabetSize])
}

/** Elements of all parameters together. */
export function tailParameterCount(shape: TailShape): number {
  return [...tailParameterShapes(shape).values()].reduce((sum, size) => sum + staticElementCount(size), 0)
}

/** Share of the LM head's weights that a tail may have and still save nearly all that can be saved. */
const affordableShare = 0.025

/**
 * The inner width of a single block with which the tail stays within 2.5 % of the LM head: a multiple of 32, from
 * an eighth of d to 2 d.
 *
 * @param symbols k · A
 */
export function affordableAdapterWidth(
  { hiddenSize: d, vocabularySize }: { readonly hiddenSize: number; readonly vocabularySize: number },
  symbols: number,
): number {
  const width = (affordableShare * vocabularySize - symbols) / 3
  return Math.min(2 * d, Math.max(Math.ceil(d / 256) * 32, Math.floor(width / 32) * 32))
}
