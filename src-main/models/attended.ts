import {
  add,
  cast,
  concat,
  constant,
  createSingleOutputNode,
  multiply,
  reshape,
  scalar,
  subtract,
  transpose,
  type Dimension,
  type Shape,
  type Value,
} from '../graph/index.ts'
import { memoize } from '../base/memoize.ts'
import { maskedScore } from '../runtime/masks.ts'
import { attend, attendWithin } from './blocks.ts'

/** What new tokens attend to. `texts` and positions are those of `TrunkInputs`. */
export type Attended = AttendedBeside | AttendedWithin

/** Keys and values of a layer. */
export interface KeyValue {
  readonly key: Value
  readonly value: Value
}

/** Tokens attend to one another and to a cache that they are not in. */
interface AttendedBeside {
  readonly kind: 'beside'
  /** float32 [tokens, tokens]: 0 where a token may attend, large negative where it may not. */
  readonly causalMask: Value
  /** The cache; null: the tokens have no past. */
  readonly past: {
    /** Keys and values of each layer, [batch · keyValueHeads, 1, capacity, headSize], in the type of products. */
    readonly layers: readonly KeyValue[]
    /** The mask of layers that attend to all tokens: float32 [texts, capacity], large negative where the cache is empty. */
    readonly whole: { readonly mask: Value }
    /** The same of layers with a window, whose capacity is another, and where in the text each place stands. */
    readonly window: { readonly mask: Value; readonly positions: Value }
  } | null
}

/** Tokens are put into a cache and attend to what stands there up to their own positions. */
interface AttendedWithin {
  readonly kind: 'within'
  /**
   * Of each layer, in the type of products: keys as columns [batch · keyValueHeads, 1, headSize, capacity] and values
   * [batch · keyValueHeads, 1, capacity, headSize]. A sequence begins at place 0.
   */
  readonly layers: readonly KeyValue[]
  /** int32 [batch, tokens]: where each token belongs. */
  readonly places: Value
}

/** Attention of new tokens in a layer, and the keys and values that are kept of it. */
export interface LayerAttention {
  (
    layer: number,
    heads: KeyValue & { readonly query: Value },
    mask: Value,
  ): { readonly attended: Value; readonly kept: KeyValue }
}

/**
 * @param positions int64 [texts, tokens], as `TrunkInputs`
 * @param cap as `attend`
 */
export function layerAttention(attended: Attended, positions: Value, cap: number | null): LayerAttention {
  if (attended.kind === 'beside') {
    const { past } = attended
    /** int64 [2] of caches with a number of places: that number, which is known only at run time, and that of new tokens. */
    const sizesOf = memoize((capacity: Dimension) => {
      const { key } = past!.layers.find(({ key }) => key.shape[2] === capacity)!
      return concat([sizeOf(key, 2), sizeOf(positions, 1)], 0)
    })
    return (layer, { query, key, value }, mask) => {
      const cache = past?.layers[layer]
      const held = cache
        ? { keys: cache.key, values: cache.value, sizes: sizesOf(cache.key.shape[2]!) }
        : null
      return { attended: attend({ query, key, value }, mask, held, cap), kept: { key, value } }
    }
  }
  const { layers, places } = attended
  const { rows, columns } = elementPlaces(places, layers[0]!.value.shape)
  return (layer, { query, key, value }, mask) => {
    const keys = putInto(layers[layer]!.key, columns, transpose(key, [0, 1, 3, 2]), 3)
    const values = putInto(layers[layer]!.value, rows, value, 2)
    return { attended: attendWithin({ query, keys, values }, mask, cap), kept: { key: keys, value: values } }
  }
}

/**
 * What is added to the scores: float32 [tokens, capacity + tokens], or [tokens, tokens] without a past, or [tokens,
 * capacity] within a cache; where each sequence has its own, [batch, 1, ..] of these.
 *
 * @param positions int64 [texts, tokens], as `TrunkInputs`
 * @param window tokens that a token attends to, itself included; null: all up to itself
 */
export function scoreMask(attended: Attended, positions: Value, window: number | null): Value {
  const [texts, count] = positions.shape as [number, Dimension]
  const lead = texts === 1 ? [] : [texts, 1]
  const here = cast(positions, 'float32')
  const column = reshape(here, [...lead, count, 1])
  /** Large negative where `excess`, a whole number, is positive. */
  const maskedBeyond = (excess: Value) =>
    multiply(createSingleOutputNode('Clip', [excess, scalar(0), scalar(1)], excess.shape), maskedScore)
  /** Large negative where the distance to `others` [.., 1, n] is `window` or more. */
  const tooFar = (others: Value) => maskedBeyond(subtract(column, add(others, window! - 1)))
  if (attended.kind === 'within') {
    const places = countAlong(attended.layers[0]!.value, 2)
    const later = maskedBeyond(subtract(places, column))
    return window === null ? later : add(later, tooFar(places))
  }
  const { causalMask, past } = attended
  // One row for all tokens becomes one for each.
  const nothing = multiply(column, 0)
  const causal = texts === 1 ? causalMask : add(causalMask, nothing)
  const among = window === null ? causal : add(causal, tooFar(reshape(here, [...lead, 1, count])))
  if (!past) return among
  const own = window === null ? past.whole : past.window
  const inRow = (value: Value) => reshape(value, [...lead, 1, own.mask.shape[1]!])
  const toPast = add(inRow(own.mask), window === null ? nothing : tooFar(inRow(past.window.positions)))
  return concat([toPast, among], lead.length + 1)
}

/** int64 [1]: the size of an axis, which is known only at run time. */
function sizeOf(value: Value, axis: number): Value {
  return createSingleOutputNode('Shape', [value], [1], {
    dtype: 'int64',
    attributes: { start: axis, end: axis + 1 },
  })
}

/** 0, 1, 2 … for each place along an axis: float32 [1, n]. */
function countAlong(value: Value, axis: number): Value {
  const size = value.shape[axis]!
  const end = cast(createSingleOutputNode('Squeeze', [sizeOf(value, axis)], []), 'float32')
  return reshape(createSingleOutputNode('Range', [scalar(0), end, scalar(1)], [size]), [1, size])
}

/**
 * The place of each element of new values, int32 [batch · keyValueHeads, 1, tokens, headSize], and of new keys that are
 * columns, [batch · keyValueHeads, 1, headSize, tokens]; from those of the tokens [batch, tokens].
 */
function elementPlaces(places: Value, cache: Shape): { readonly rows: Value; readonly columns: Value } {
  const [batch, tokens] = places.shape as [number, Dimension]
  const [pairs, , , headSize] = cache as [number, number, Dimension, number]
  const heads = pairs / batch
  const zeros = (shape: readonly number[]) => constant(new Int32Array(heads * headSize), shape)
  return {
    rows: reshape(add(reshape(places, [batch, 1, tokens, 1]), zeros([1, heads, 1, headSize])), [
      pairs,
      1,
      tokens,
      headSize,
    ]),
    columns: reshape(add(reshape(places, [batch, 1, 1, tokens]), zeros([1, heads, headSize, 1])), [
      pairs,
      1,
      headSize,
      tokens,
    ]),
  }
}

/** The cache with new elements at their places along an axis. */
function putInto(cache: Value, places: Value, elements: Value, axis: number): Value {
  return createSingleOutputNode('ScatterElements', [cache, places, elements], cache.shape, {
    attributes: { axis },
  })
}
