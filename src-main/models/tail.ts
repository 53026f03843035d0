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
}

/** The normalisation's epsilon: it has no weight, since the linear layers after it absorb one. */
const epsilon = 1e-6

/** Every parameter of a tail with its shape; linear weights are [out, in], the heads U lie as [k · A, d]. */
export function tailParameterShapes({
  hiddenSize: d,
  adapterWidths,
  k,
  alphabetSize,
}: TailShape): Map<string, readonly [rows: number, columns: number]> {
  const shapes = new Map<string, readonly [number, number]>()
  adapterWidths.forEach((width, block) => {
    shapes.set(`adapter.${block}.gate.weight`, [width, d])
    shapes.set(`adapter.${block}.up.weight`, [width, d])
    shapes.set(`adapter.${block}.down.weight`, [d, width])
  })
  shapes.set('heads.weight', [k * alphabetSize, d])
  return shapes
}

/**
 * The scores of the k character heads: y = x, then y ← y + SwiGLU(rms(y)) for each block of the adapter,
 * then rms(y) Uᵀ.
 *
 * @param hidden float32 [rows, d], after the trunk's final norm
 * @param weight gives each of `tailParameterShapes` by name
 * @returns logits [rows · k, A]
 */
export function tailLogits(
  shape: TailShape,
  weight: (name: string) => Matrix,
  hidden: Value,
  purpose: Purpose,
): Value {
  const ones = constant(new Float32Array(shape.hiddenSize).fill(1), [shape.hiddenSize])
  const normalize = (x: Value) =>
    purpose === 'training' ? rmsNormalize(x, epsilon) : rmsNorm(x, ones, epsilon, purpose)
  let y = hidden
  shape.adapterWidths.forEach((_, block) => {
    const part = (name: string) => weight(`adapter.${block}.${name}.weight`)
    y = add(y, gatedMlp(normalize(y), { gate: part('gate'), up: part('up'), down: part('down') }))
  })
  const scores = linear(normalize(y), weight('heads.weight'))
  const rows = hidden.shape[0]!
  return reshape(scores, [multiplyDimensions(rows, shape.k), shape.alphabetSize])
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
