import {
  add,
  cast,
  concat,
  constant,
  createNode,
  createSingleOutputNode,
  elementCount,
  int64Vector,
  matmul,
  multiply,
  multiplyDimensions,
  reshape,
  rmsNormalize,
  silu,
  softmax,
  split,
  subtract,
  transpose,
  type Dimension,
  type Value,
} from '../graph/index.ts'

/**
 * 'training' graphs are made of operators that can be differentiated, 'inference' graphs of onnxruntime's
 * fused ones where they are faster. The numbers are the same up to rounding.
 */
export type Purpose = 'training' | 'inference'

/** x [.., in] · weightᵀ, weight [out, in] → [.., out]. */
export function linear(x: Value, weight: Value): Value {
  const rows = elementCount(x.shape.slice(0, -1))
  const product = matmul(reshape(x, [rows, x.shape.at(-1)!]), weight, { transposeB: true })
  return reshape(product, [...x.shape.slice(0, -1), weight.shape[0]!])
}

/** RMSNorm over the last axis times its weight (Zhang & Sennrich 2019). */
export function rmsNorm(x: Value, weight: Value, epsilon: number, purpose: Purpose): Value {
  if (purpose === 'training') return multiply(rmsNormalize(x, epsilon), weight)
  return createSingleOutputNode('SimplifiedLayerNormalization', [x, weight], x.shape, {
    attributes: { axis: -1, epsilon: { float: epsilon } },
  })
}

/** down(silu(gate(x)) ⊙ up(x)) (SwiGLU, Shazeer 2020). Weights are [out, in]. */
export function gatedMlp(
  x: Value,
  weights: { readonly gate: Value; readonly up: Value; readonly down: Value },
): Value {
  return linear(multiply(silu(linear(x, weights.gate)), linear(x, weights.up)), weights.down)
}

/** Cosines and sines of the rotary angles, each float32 [tokens, headSize / 2], from positions int64 [tokens]. */
export function rotaryAngles(
  positions: Value,
  frequencies: Float32Array,
): { readonly cos: Value; readonly sin: Value } {
  const column = reshape(cast(positions, 'float32'), [positions.shape[0]!, 1])
  const angles = multiply(column, constant(frequencies, [1, frequencies.length]))
  return {
    cos: createSingleOutputNode('Cos', [angles], angles.shape),
    sin: createSingleOutputNode('Sin', [angles], angles.shape),
  }
}

/**
 * Rotary position embedding in the half-split convention of Llama: dimension i is paired with i + headSize / 2.
 *
 * @param x [batch, tokens, heads, headSize]
 */
export function rotate(
  x: Value,
  angles: { readonly cos: Value; readonly sin: Value },
  purpose: Purpose,
): Value {
  const [batch, tokens, heads, headSize] = x.shape as [Dimension, Dimension, number, number]
  if (purpose === 'training') {
    const half = headSize / 2
    const cos = reshape(angles.cos, [tokens, 1, half])
    const sin = reshape(angles.sin, [tokens, 1, half])
    const [left, right] = split(x, 3, [half, half]) as [Value, Value]
    return concat(
      [subtract(multiply(left, cos), multiply(right, sin)), add(multiply(right, cos), multiply(left, sin))],
      3,
    )
  }
  const flat = reshape(x, [batch, tokens, heads * headSize])
  // The tables hold these tokens' own angles, so the first token stands at row 0 of them.
  const [rotated] = createNode('RotaryEmbedding', [flat, int64Vector([0]), angles.cos, angles.sin], {
    domain: 'com.microsoft',
    attributes: { num_heads: heads, rotary_embedding_dim: 0 },
    outputs: [flat],
  })
  return reshape(rotated!, x.shape)
}

/** Keys and values of earlier tokens, each [batch · keyValueHeads, capacity, headSize]; `mask` is 0 or −∞-like. */
export interface PastKeyValues {
  readonly keys: Value
  readonly values: Value
  /** float32 [1, capacity], added to the scores: large negative where the cache holds nothing yet. */
  readonly mask: Value
}

/**
 * Scaled dot-product attention of new tokens to a cache and to one another (grouped-query: each head of
 * keys and values serves `group` query heads).
 *
 * @param query [batch · keyValueHeads, group · tokens, headSize]
 * @param key, value [batch · keyValueHeads, tokens, headSize]
 * @param causalMask float32 [tokens, tokens], added to the scores among the new tokens
 * @returns [batch · keyValueHeads, group · tokens, headSize]
 */
export function attend(
  {
    query,
    key,
    value,
    group,
  }: { readonly query: Value; readonly key: Value; readonly value: Value; readonly group: number },
  causalMask: Value,
  past: PastKeyValues | null,
): Value {
  const [pairs, rows, headSize] = query.shape as [number, Dimension, number]
  const tokens = key.shape[1]!
  const scaled = multiply(query, 1 / Math.sqrt(headSize))
  const square = [pairs, group, tokens, tokens]
  const masked = add(reshape(matmul(scaled, key, { transposeB: true }), square), causalMask)
  const scores = reshape(masked, [pairs, rows, tokens])
  if (!past) return matmul(softmax(scores), value)

  const pastScores = add(matmul(scaled, past.keys, { transposeB: true }), past.mask)
  const probabilities = softmax(concat([pastScores, scores], 2))
  // The capacity is known only at run time, so the cut is read off the cache itself.
  const capacity = createSingleOutputNode('Shape', [past.keys], [1], {
    dtype: 'int64',
    attributes: { start: 1, end: 2 },
  })
  const cut = (start: Value, end: Value, size: Dimension) =>
    createSingleOutputNode('Slice', [probabilities, start, end, int64Vector([2])], [pairs, rows, size])
  const toPast = cut(int64Vector([0]), capacity, past.keys.shape[1]!)
  const toNew = cut(capacity, int64Vector([Number.MAX_SAFE_INTEGER]), tokens)
  return add(matmul(toPast, past.values), matmul(toNew, value))
}

/** [batch, tokens, heads, headSize] → [batch · keyValueHeads, group · tokens, headSize]; group = heads / keyValueHeads. */
export function groupHeads(x: Value, keyValueHeads: number): Value {
  const [batch, tokens, heads, headSize] = x.shape as [number, Dimension, number, number]
  const group = heads / keyValueHeads
  const grouped = transpose(reshape(x, [batch, tokens, keyValueHeads, group, headSize]), [0, 2, 3, 1, 4])
  return reshape(grouped, [batch * keyValueHeads, multiplyDimensions(group, tokens), headSize])
}

/** The inverse of `groupHeads`: → [batch, tokens, heads · headSize]. */
export function ungroupHeads(x: Value, batch: number, tokens: Dimension, group: number): Value {
  const [pairs, , headSize] = x.shape as [number, Dimension, number]
  const split = reshape(x, [batch, pairs / batch, group, tokens, headSize])
  return reshape(transpose(split, [0, 3, 1, 2, 4]), [batch, tokens, (pairs / batch) * group * headSize])
}
