import {
  add,
  cast,
  concat,
  constant,
  createNode,
  createSingleOutputNode,
  elementCount,
  exp,
  gatherRows,
  int64Vector,
  log,
  matmul,
  multiply,
  multiplyDimensions,
  reduceMax,
  reduceSum,
  reshape,
  rmsNormalize,
  scalar,
  silu,
  slice,
  softmax,
  split,
  subtract,
  transpose,
  type DType,
  type Dimension,
  type Value,
} from '../graph/index.ts'
import type { Activation, Head, Rotary } from './architecture.ts'

/**
 * 'training' graphs are made of operators that can be differentiated, 'inference' graphs of onnxruntime's
 * fused ones where they are faster. The numbers are the same up to rounding.
 */
export type Purpose = 'training' | 'inference'

/**
 * A matrix [out, in] in blocks of integers (onnxruntime's MatMulNBits): weight = scale · (integer − 2^(bits − 1)), or with
 * minima scale · integer + minimum. See quantize.ts and kept-weights.ts.
 */
export interface QuantizedMatrix {
  readonly bits: 4 | 8
  /** Weights along the inner axis that share a scale. */
  readonly blockSize: number
  readonly outputs: number
  readonly inputs: number
  /** uint8 [out, blocks, bytes of a block]. */
  readonly packed: Value
  /** float32 [out, blocks]. */
  readonly scales: Value
  /** float32 [out, blocks]; absent: the type has none. */
  readonly minima?: Value
}

/** The weight of a linear layer. */
export type Matrix = Value | QuantizedMatrix

/** What matrix products are computed in; everything else is float32. */
export type ProductType = 'float32' | 'float16'

/**
 * x [.., in] · weightᵀ, weight [out, in] → float32 [.., out]. A `transposed` weight is stored as [in, out]. A quantised
 * one has a product of its own.
 */
export function linear(
  x: Value,
  weight: Matrix,
  {
    transposed = false,
    products = 'float32',
  }: { readonly transposed?: boolean; readonly products?: ProductType } = {},
): Value {
  if ('bits' in weight) return quantizedLinear(x, weight)
  const rows = elementCount(x.shape.slice(0, -1))
  const flat = castTo(reshape(x, [rows, x.shape.at(-1)!]), products)
  const product = widen(matmul(flat, castTo(weight, products), { transposeB: !transposed }))
  return reshape(product, [...x.shape.slice(0, -1), weight.shape[transposed ? 1 : 0]!])
}

function quantizedLinear(x: Value, matrix: QuantizedMatrix): Value {
  const { bits, blockSize, outputs, inputs, packed, scales } = matrix
  const rows = x.shape.slice(0, -1)
  const product = createSingleOutputNode('MatMulNBits', [x, packed, scales], [...rows, outputs], {
    domain: 'com.microsoft',
    attributes: {
      K: inputs,
      N: outputs,
      bits,
      block_size: blockSize,
      // Activations are rounded to 8 bits, a block at a time: twice as fast on a CPU.
      accuracy_level: 4,
    },
  })
  const common = commonOfBlocks(matrix)
  if (!common) return product
  // The product takes float zero points, too, but then widens the matrix at each call. So what a block's weights have in
  // common is multiplied with the sum of the block's activations.
  const sums = reduceSum(reshape(x, [...rows, inputs / blockSize, blockSize]), [rows.length + 1])
  return add(product, linear(sums, common))
}

/**
 * What all weights of a block have in common where there are minima, in addition to scale · (integer − 2^(bits − 1)): minimum +
 * 2^(bits − 1) · scale, [out, blocks].
 */
export function commonOfBlocks({ bits, scales, minima }: QuantizedMatrix): Value | null {
  return minima ? add(minima, multiply(scales, 2 ** (bits - 1))) : null
}

/** Rows of a table [rows, width] at integer `indices` [..i], in float32: [..i, width]. */
export function tableRows(table: Matrix, indices: Value): Value {
  // Rows are widened, not the table: it may be the largest weight of all.
  if (!('bits' in table)) return widen(gatherRows(table, indices))
  const { bits, blockSize, outputs, inputs, packed, scales, minima } = table
  const blocks = Math.ceil(inputs / blockSize)
  const perBlock = (value: Value) => reshape(value, [outputs, blocks, 1])
  const zeros = constant(new Uint8Array(outputs * blocks), [outputs, blocks, 1])
  const products = createSingleOutputNode(
    'GatherBlockQuantized',
    [packed, indices, perBlock(scales), ...(minima ? [zeros] : [])],
    [...indices.shape, blocks, blockSize],
    {
      domain: 'com.microsoft',
      dtype: 'float32',
      attributes: { bits, block_size: blockSize, gather_axis: 0, quantize_axis: 2 },
    },
  )
  const values = minima ? add(products, gatherRows(perBlock(minima), indices)) : products
  const filled = reshape(values, [...indices.shape, blocks * blockSize])
  return blocks * blockSize === inputs ? filled : slice(filled, indices.shape.length, 0, inputs)
}

/** The same numbers in float32, whatever they are in. */
export function widen(value: Value): Value {
  return castTo(value, 'float32')
}

/** `cast`, where there is something to cast. */
export function castTo(value: Value, dtype: DType): Value {
  return value.dtype === dtype ? value : cast(value, dtype)
}

/** RMSNorm over the last axis times its weight (Zhang & Sennrich 2019). */
export function rmsNorm(x: Value, weight: Value, epsilon: number, purpose: Purpose): Value {
  if (purpose === 'training') return multiply(rmsNormalize(x, epsilon), weight)
  return createSingleOutputNode('SimplifiedLayerNormalization', [x, weight], x.shape, {
    attributes: { axis: -1, epsilon: { float: epsilon } },
  })
}

/** LayerNorm over the last axis (Ba et al. 2016). Not differentiable here. */
export function layerNorm(x: Value, weight: Value, bias: Value | null, epsilon: number): Value {
  return createSingleOutputNode('LayerNormalization', [x, weight, ...(bias ? [bias] : [])], x.shape, {
    attributes: { axis: -1, epsilon: { float: epsilon } },
  })
}

/** An activation; only silu is differentiable here. */
export function activate(x: Value, activation: Activation): Value {
  switch (activation) {
    case 'silu':
      return silu(x)
    case 'relu':
      return createSingleOutputNode('Relu', [x], x.shape)
    case 'gelu':
    case 'gelu-tanh':
      return createSingleOutputNode('Gelu', [x], x.shape, {
        attributes: { approximate: activation === 'gelu' ? 'none' : 'tanh' },
      })
  }
}

/** cap · tanh(x / cap): close to x while x is small, never beyond ± cap (Gemma 2). */
function softCap(x: Value, cap: number): Value {
  return multiply(createSingleOutputNode('Tanh', [multiply(x, 1 / cap)], x.shape), cap)
}

/** What an LM head makes of its products with a state: scale, then cap. */
export function scaleAndCap(products: Value, { scale, cap }: Pick<Head, 'scale' | 'cap'>): Value {
  const scaled = scale === 1 ? products : multiply(products, scale)
  return cap === null ? scaled : softCap(scaled, cap)
}

/** down(silu(gate(x)) ⊙ up(x)) (SwiGLU, Shazeer 2020). Weights are [out, in]. */
export function gatedMlp(
  x: Value,
  weights: { readonly gate: Matrix; readonly up: Matrix; readonly down: Matrix },
): Value {
  return linear(multiply(silu(linear(x, weights.gate)), linear(x, weights.up)), weights.down)
}

/**
 * Cosines and sines of the rotary angles, each float32 [texts · tokens, pairs], from positions int64 [texts, tokens] or
 * [tokens].
 */
export function rotaryAngles(positions: Value, rotary: Rotary): { readonly cos: Value; readonly sin: Value } {
  const column = reshape(cast(positions, 'float32'), [...positions.shape, 1])
  const all = multiply(column, rotaryFrequencies(column, rotary))
  const angles = reshape(all, [elementCount(positions.shape), all.shape.at(-1)!])
  const scaled = (operator: 'Cos' | 'Sin') => {
    const values = createSingleOutputNode(operator, [angles], angles.shape)
    return rotary.magnitude === 1 ? values : multiply(values, rotary.magnitude)
  }
  return { cos: scaled('Cos'), sin: scaled('Sin') }
}

/**
 * The frequencies, float32 [1, pairs] or, where they depend on a text's length, [texts, 1, pairs]. A text ends with the
 * greatest of its `positions`, float32 [texts, tokens, 1].
 */
function rotaryFrequencies(positions: Value, { frequencies, beyond }: Rotary): Value {
  const pairs = frequencies.length
  const usual = constant(frequencies, [1, pairs])
  if (!beyond) return usual
  const length = add(reduceMax(positions, [positions.shape.length - 2], { keepAxes: true }), 1)
  if (beyond.kind === 'switch') {
    const isLonger = createSingleOutputNode('Greater', [length, scalar(beyond.length)], length.shape, {
      dtype: 'bool',
    })
    return createSingleOutputNode(
      'Where',
      [isLonger, constant(beyond.frequencies, [1, pairs]), usual],
      length.shape.with(-1, pairs),
      { dtype: 'float32' },
    )
  }
  // θ grows by (factor · length / trained − (factor − 1)) ^ (n / (n − 2)), n = 2 · pairs; each frequency is a
  // power of 1 / θ.
  const { factor, theta, length: trained } = beyond
  const stretched = createSingleOutputNode('Max', [length, scalar(trained)], length.shape)
  const growth = subtract(multiply(stretched, factor / trained), factor - 1)
  const base = multiply(log(growth), (2 * pairs) / (2 * pairs - 2))
  const exponents = Float32Array.from({ length: pairs }, (_, i) => -i / pairs)
  return exp(multiply(add(base, Math.log(theta)), constant(exponents, [1, pairs])))
}

/**
 * Rotary position embedding in the half-split convention of Llama: of the first 2 · pairs dimensions, i is
 * paired with i + pairs; the rest pass unchanged.
 *
 * @param x [batch, tokens, heads, headSize]
 * @param angles [tokens, pairs], or (not in training) [batch · tokens, pairs]: each sequence its own
 */
export function rotate(
  x: Value,
  angles: { readonly cos: Value; readonly sin: Value },
  purpose: Purpose,
): Value {
  const [batch, tokens, heads, headSize] = x.shape as [Dimension, Dimension, number, number]
  const pairs = angles.cos.shape[1] as number
  if (purpose === 'training') {
    const cos = reshape(angles.cos, [tokens, 1, pairs])
    const sin = reshape(angles.sin, [tokens, 1, pairs])
    const rest = headSize - 2 * pairs
    const [left, right, ...unchanged] = split(x, 3, [pairs, pairs, ...(rest > 0 ? [rest] : [])]) as [
      Value,
      Value,
      ...Value[],
    ]
    return concat(
      [
        subtract(multiply(left, cos), multiply(right, sin)),
        add(multiply(right, cos), multiply(left, sin)),
        ...unchanged,
      ],
      3,
    )
  }
  // The tables hold these tokens' own angles, so the first token stands at row 0 of them. Where each sequence has its
  // own, they lie one after another, as if they were one.
  const rows = angles.cos.shape[0]!
  const flat = reshape(x, [rows === tokens ? batch : 1, rows, heads * headSize])
  const [rotated] = createNode('RotaryEmbedding', [flat, int64Vector([0]), angles.cos, angles.sin], {
    domain: 'com.microsoft',
    attributes: { num_heads: heads, rotary_embedding_dim: 2 * pairs === headSize ? 0 : 2 * pairs },
    outputs: [flat],
  })
  return reshape(rotated!, x.shape)
}

/** Keys and values of earlier tokens, each [batch · keyValueHeads, 1, capacity, headSize]. */
export interface PastKeyValues {
  readonly keys: Value
  readonly values: Value
  /** int64 [2]: the capacity, which is known only at run time, and the number of new tokens. */
  readonly sizes: Value
}

/**
 * Scaled dot-product attention of new tokens to a cache and to one another (grouped-query: each head of
 * keys and values serves `group` query heads). The scale is in the queries.
 *
 * Heads of a group are not rows of one product: for a single token, onnxruntime's product of one row reads keys
 * in place, that of several rows copies them first.
 *
 * @param query [batch · keyValueHeads, group, tokens, headSize], in the type that products are computed in, as keys
 *   and values, those of the past too
 * @param key, value [batch · keyValueHeads, 1, tokens, headSize]
 * @param mask float32 [tokens, capacity + tokens], added to the scores: large negative where a token may not
 *   attend; without a past [tokens, tokens]. [batch, 1, ..] of these: each sequence has its own
 * @param cap c: scores become c · tanh(score / c); null: they stay
 * @returns float32 [batch · keyValueHeads, group, tokens, headSize]
 */
export function attend(
  { query, key, value }: { readonly query: Value; readonly key: Value; readonly value: Value },
  mask: Value,
  past: PastKeyValues | null,
  cap: number | null = null,
): Value {
  const score = (keys: Value) => capped(widen(matmul(query, keys, { transposeB: true })), cap)
  if (!past) return weigh(attentionWeights(score(key), mask), value)

  const probabilities = attentionWeights(concat([score(past.keys), score(key)], 3), mask)
  const part = (size: Dimension) => ({
    shape: probabilities.shape.with(3, size),
    dtype: probabilities.dtype,
  })
  const [toPast, toNew] = createNode('Split', [probabilities, past.sizes], {
    attributes: { axis: 3 },
    outputs: [part(past.keys.shape[2]!), part(key.shape[2]!)],
  }) as [Value, Value]
  return add(weigh(toPast, past.values), weigh(toNew, value))
}

/**
 * The same where the cache holds the new tokens already, for graphics cards. Heads of a group are rows of one product,
 * so that keys and values are read once for all of them; and the cache's keys are stored as columns, since all of them would be
 * copied into that order first.
 *
 * @param keys [batch · keyValueHeads, 1, headSize, capacity]
 * @param values [batch · keyValueHeads, 1, capacity, headSize]
 * @param mask float32 [tokens, capacity], or [batch, 1, tokens, capacity]
 */
export function attendWithin(
  { query, keys, values }: { readonly query: Value; readonly keys: Value; readonly values: Value },
  mask: Value,
  cap: number | null,
): Value {
  const [pairs, group, tokens, headSize] = query.shape as [number, number, Dimension, number]
  const rows = multiplyDimensions(group, tokens)
  const capacity = keys.shape[3]!
  const product = widen(matmul(reshape(query, [pairs, 1, rows, headSize]), keys))
  const scores = capped(reshape(product, [pairs, group, tokens, capacity]), cap)
  const shares = attentionWeights(scores, mask)
  return reshape(weigh(reshape(shares, [pairs, 1, rows, capacity]), values), query.shape)
}

function capped(scores: Value, cap: number | null): Value {
  return cap === null ? scores : softCap(scores, cap)
}

function attentionWeights(scores: Value, mask: Value): Value {
  if (mask.shape.length === 2) return softmax(add(scores, mask))
  const [pairs, group, ...rest] = scores.shape as [number, number, Dimension, Dimension]
  const batch = mask.shape[0] as number
  const inSequences = reshape(scores, [batch, (pairs / batch) * group, ...rest])
  return reshape(softmax(add(inSequences, mask)), scores.shape)
}

function weigh(probabilities: Value, values: Value): Value {
  return widen(matmul(castTo(probabilities, values.dtype), values))
}

/** [batch, tokens, heads, headSize] → [batch · keyValueHeads, group, tokens, headSize]; group = heads / keyValueHeads. */
export function groupHeads(x: Value, keyValueHeads: number): Value {
  const [batch, tokens, heads, headSize] = x.shape as [number, Dimension, number, number]
  const group = heads / keyValueHeads
  const grouped = transpose(reshape(x, [batch, tokens, keyValueHeads, group, headSize]), [0, 2, 3, 1, 4])
  return reshape(grouped, [batch * keyValueHeads, group, tokens, headSize])
}

/** The inverse of `groupHeads`: → [batch, tokens, heads · headSize]. */
export function ungroupHeads(x: Value, batch: number): Value {
  const [pairs, group, tokens, headSize] = x.shape as [number, number, Dimension, number]
  const split = reshape(x, [batch, pairs / batch, group, tokens, headSize])
  return reshape(transpose(split, [0, 3, 1, 2, 4]), [batch, tokens, (pairs / batch) * group * headSize])
}
