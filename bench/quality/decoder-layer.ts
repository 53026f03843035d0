import {
  add,
  constant,
  multiply,
  reshape,
  rmsNormalize,
  staticElementCount,
  type Value,
} from '../../src-main/graph/index.ts'
import type { Architecture, AttentionShape, Rotary } from '../../src-main/models/architecture.ts'
import {
  attend,
  groupHeads,
  linear,
  rotaryAngles,
  rotate,
  ungroupHeads,
} from '../../src-main/models/blocks.ts'
import { seededRandom } from '../../src-main/base/random.ts'
import { maskedScore } from '../../src-main/runtime/masks.ts'

/**
 * The attention of one more decoder layer, over the trunk's last states of a text. The tail's adapter, which comes after it, is
 * the layer's feed-forward block: together they make a whole layer, with keys and values of its own.
 */
export interface DecoderLayer extends Pick<
  AttentionShape,
  'heads' | 'keyValueHeads' | 'headSize' | 'scoreScale'
> {
  /** d. */
  readonly hiddenSize: number
  /** null: the layer knows no positions. */
  readonly rotary: Rotary | null
  /** Tokens of a window, in which texts stand one after another. */
  readonly tokens: number
}

/** A layer with heads and rotary positions as the last one of a model has them. */
export function oneMoreLayer({ hiddenSize, attention, layers }: Architecture, tokens: number): DecoderLayer {
  const { heads, keyValueHeads, headSize, scoreScale } = attention
  const { rotary } = layers.at(-1)!.attention
  return { hiddenSize, heads, keyValueHeads, headSize, scoreScale, rotary, tokens }
}

/** Every parameter with its shape [out, in]. The names put them beside the tail's adapter (`tailParameterShapes`). */
export function layerParameterShapes({
  hiddenSize: d,
  heads,
  keyValueHeads,
  headSize,
}: DecoderLayer): Map<string, readonly [rows: number, columns: number]> {
  const [all, shared] = [heads * headSize, keyValueHeads * headSize]
  return new Map([
    ['adapter.query.weight', [all, d]],
    ['adapter.key.weight', [shared, d]],
    ['adapter.value.weight', [shared, d]],
    ['adapter.output.weight', [d, all]],
  ])
}

/** Fresh weights: the layer begins as the identity, queries, keys and values uniform within ±√(3 / d). */
export function initialLayer(layer: DecoderLayer, seed: number): Map<string, Float32Array> {
  const random = seededRandom(seed)
  const limit = Math.sqrt(3 / layer.hiddenSize)
  return new Map(
    [...layerParameterShapes(layer)].map(([name, shape]) => {
      const weights = new Float32Array(staticElementCount(shape))
      return [
        name,
        name === 'adapter.output.weight' ? weights : weights.map(() => (2 * random.uniform() - 1) * limit),
      ]
    }),
  )
}

/**
 * What a step reads for the layer's attention, in rows of d numbers.
 *
 * @param place of the step in its text, counted from 1: so many keys and values are read
 */
export function layerRows(
  { hiddenSize, heads, keyValueHeads, headSize }: DecoderLayer,
  place: number,
): number {
  const weights = 2 * (heads + keyValueHeads) * headSize
  return weights + (2 * keyValueHeads * headSize * place) / hiddenSize
}

/** As the tail's: without a weight, since the linear layers after it absorb one. */
const epsilon = 1e-6

/**
 * States with what the layer's attention adds to them: x + O · attention(rms(x)), differentiable.
 *
 * @param weight gives each of `layerParameterShapes` by name
 * @param hidden float32 [windows · tokens, d], after the trunk's final norm
 * @param mask float32 [windows, 1, tokens, tokens], of `textMask`
 * @returns [windows · tokens, d]
 */
export function attendedStates(
  { hiddenSize, heads, keyValueHeads, headSize, scoreScale, rotary, tokens }: DecoderLayer,
  weight: (name: string) => Value,
  hidden: Value,
  mask: Value,
): Value {
  const windows = mask.shape[0] as number
  const x = rmsNormalize(hidden, epsilon)
  const project = (name: string, count: number) =>
    reshape(linear(x, weight(`adapter.${name}.weight`)), [windows, tokens, count, headSize])
  // Scores depend on distances alone, so a text may begin at any place of its window.
  const positions = constant(
    BigInt64Array.from({ length: tokens }, (_, i) => BigInt(i)),
    [1, tokens],
  )
  const angles = rotary && rotaryAngles(positions, rotary)
  const place = (value: Value) => (angles ? rotate(value, angles, 'training') : value)
  const query = groupHeads(place(multiply(project('query', heads), scoreScale)), keyValueHeads)
  const key = groupHeads(place(project('key', keyValueHeads)), keyValueHeads)
  const value = groupHeads(project('value', keyValueHeads), keyValueHeads)
  const attended = ungroupHeads(attend({ query, key, value }, mask, null), windows)
  return add(
    hidden,
    reshape(linear(attended, weight('adapter.output.weight')), [windows * tokens, hiddenSize]),
  )
}

/**
 * What is added to the scores: float32 [windows · tokens · tokens], 0 where a position may attend: from its text's beginning to
 * itself.
 *
 * @param begins where the text of each position begins in its window, [windows · tokens]
 */
export function textMask(begins: Int32Array, tokens: number): Float32Array {
  const mask = new Float32Array(begins.length * tokens).fill(maskedScore)
  begins.forEach((begin, row) => mask.fill(0, row * tokens + begin, row * tokens + (row % tokens) + 1))
  return mask
}
