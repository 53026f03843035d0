import {
  add,
  constant,
  input,
  multiply,
  multiplyDimensions,
  reshape,
  split,
  type Dimension,
  type Value,
} from '../graph/index.ts'
import { memoize } from '../base/memoize.ts'
import { causalMask } from '../runtime/masks.ts'
import type { Architecture, FeedForward, Layer, Linear, Norm, Rotary, Weight } from './architecture.ts'
import { layerAttention, scoreMask, type Attended, type KeyValue } from './attended.ts'
import {
  activate,
  castTo,
  groupHeads,
  layerNorm,
  linear,
  rmsNorm,
  rotaryAngles,
  rotate,
  scaleAndCap,
  tableRows,
  ungroupHeads,
  widen,
  type Purpose,
} from './blocks.ts'
import type { WeightSource } from './weights.ts'

export interface TrunkInputs {
  /** int64 [batch, tokens]; the batch size is known when the graph is built. */
  readonly tokens: Value
  /** int64 [texts, tokens]: texts is 1, all sequences stand at the same place, or batch, each at its own. */
  readonly positions: Value
  readonly attended: Attended
}

export interface TrunkOutputs {
  /** Hidden states after the final norm, what the LM head sees: float32 [batch · tokens, hiddenSize]. */
  readonly hidden: Value
  /**
   * Of each layer, in the type of products: the new tokens' keys and values [batch · keyValueHeads, 1, tokens,
   * headSize], or the cache that they were put into.
   */
  readonly present: readonly KeyValue[]
}

/** The inputs of `batch` windows of `tokens` tokens that have no past: `tokens` int64 [batch, tokens] alone is fed. */
export function windowInputs(batch: number, tokens: number): TrunkInputs {
  return {
    tokens: input('tokens', [batch, tokens], 'int64'),
    positions: constant(
      BigInt64Array.from({ length: tokens }, (_, i) => BigInt(i)),
      [1, tokens],
    ),
    attended: {
      kind: 'beside',
      causalMask: constant(causalMask(tokens), [tokens, tokens]),
      past: null,
    },
  }
}

/** The decoder without its LM head: embedding, layers with residual connections, final norm. */
export function trunk(
  architecture: Architecture,
  source: WeightSource,
  inputs: TrunkInputs,
  purpose: Purpose,
): TrunkOutputs {
  const { layers, finalNorm, hiddenSize } = architecture
  const [batch, tokens] = inputs.tokens.shape as [number, Dimension]
  const { keyValueHeads, headSize, scoreScale: scale, scoreCap: cap } = architecture.attention
  const normalize = normalizer(source, purpose)
  const project = projector(source)
  const rotaries = memoize((rotary: Rotary) => {
    const plain = rotaryAngles(inputs.positions, rotary)
    return memoize((factor: number) =>
      factor === 1 ? plain : { cos: multiply(plain.cos, factor), sin: multiply(plain.sin, factor) },
    )
  })
  const anglesOf = (rotary: Rotary, factor: number) => rotaries(rotary)(factor)
  const maskOf = memoize((window: number | null) => scoreMask(inputs.attended, inputs.positions, window))
  const attendInLayer = layerAttention(inputs.attended, inputs.positions, cap)
  const present: KeyValue[] = []

  let x = embed(architecture, source, inputs)
  for (const [index, layer] of layers.entries()) {
    const { attention, norms, residualScale } = layer
    const addTo = (stream: Value, block: Value) =>
      add(stream, residualScale === 1 ? block : multiply(block, residualScale))

    const projected = queryKeyValue(
      architecture,
      layer,
      normalize(x, norms.attentionInput),
      project,
      normalize,
    )
    // Queries are scaled on the way: onnxruntime would join scale and product into one operator that is slow.
    const place = (value: Value, factor: number) => {
      const { rotary } = attention
      if (!rotary) return multiply(value, factor)
      const isWhole = 2 * rotary.frequencies.length === headSize
      const scaled = isWhole || factor === 1 ? value : multiply(value, factor)
      return rotate(scaled, anglesOf(rotary, isWhole ? factor : 1), purpose)
    }
    const inGroups = (heads: Value) => castTo(groupHeads(heads, keyValueHeads), source.products)
    const query = inGroups(place(projected.query, scale))
    const key = inGroups(place(projected.key, 1))
    const value = inGroups(projected.value)
    const { attended, kept } = attendInLayer(index, { query, key, value }, maskOf(attention.window))
    const attentionBlock = normalize(
      project(ungroupHeads(attended, batch), attention.output),
      norms.attentionOutput,
    )
    const afterAttention = addTo(x, attentionBlock)
    const feedForwardInput = normalize(layer.parallel ? x : afterAttention, norms.feedForwardInput)
    const feedForwardBlock = feedForward(feedForwardInput, layer.feedForward, project)
    x = addTo(afterAttention, normalize(feedForwardBlock, norms.feedForwardOutput))
    present.push(kept)
  }
  const hidden = normalize(x, finalNorm)
  return { hidden: reshape(hidden, [multiplyDimensions(batch, tokens), hiddenSize]), present }
}

/**
 * The base model's LM head: hidden [rows, d] → logits [rows, V]. Always in float32, since the largest logits are often
 * closer to one another than float16 can tell.
 */
export function headLogits(
  { head }: Pick<Architecture, 'head'>,
  source: Pick<WeightSource, 'matrix'>,
  hidden: Value,
): Value {
  return scaleAndCap(linear(hidden, source.matrix(head.weight.name)), head)
}

function embed({ embedding }: Architecture, source: WeightSource, inputs: TrunkInputs): Value {
  const rows = ({ name }: Weight, indices: Value) => tableRows(source.table(name), indices)
  const tokens = rows(embedding.weight, inputs.tokens)
  const scaled = embedding.scale === 1 ? tokens : multiply(tokens, embedding.scale)
  return embedding.positions ? add(scaled, rows(embedding.positions, inputs.positions)) : scaled
}

interface Project {
  (x: Value, linear: Linear): Value
  /** Several layers that read the same x, in one product where their matrices are stored side by side. */
  together(x: Value, linears: readonly Linear[], widths: readonly number[]): readonly Value[]
}
type Normalize = (x: Value, norm: Norm | null) => Value

function projector(source: WeightSource): Project {
  const withBias = (product: Value, bias: Weight | null) =>
    bias ? add(product, widen(source.tensor(bias.name))) : product
  const project = (x: Value, { weight, bias, transposed }: Linear) =>
    withBias(linear(x, source.matrix(weight.name), { transposed, products: source.products }), bias)
  const together: Project['together'] = (x, linears, widths) => {
    const joined = source.joined(linears.map(({ weight }) => weight.name))
    if (!joined) return linears.map((one) => project(x, one))
    return split(linear(x, joined), x.shape.length - 1, widths).map((product, i) =>
      withBias(product, linears[i]!.bias),
    )
  }
  return Object.assign(project, { together })
}

function normalizer(source: WeightSource, purpose: Purpose): Normalize {
  return (x, norm) => {
    if (!norm) return x
    const weight = widen(source.tensor(norm.weight.name))
    const gain = norm.plusOne ? add(weight, 1) : weight
    if (norm.kind === 'rms') return rmsNorm(x, gain, norm.epsilon, purpose)
    return layerNorm(x, gain, norm.bias && widen(source.tensor(norm.bias.name)), norm.epsilon)
  }
}

/** Queries [batch, tokens, heads, headSize], keys and values [batch, tokens, keyValueHeads, headSize]. */
function queryKeyValue(
  { attention: { heads, keyValueHeads, headSize } }: Architecture,
  { attention: { projection, queryNorm, keyNorm } }: Layer,
  x: Value,
  project: Project,
  normalize: Normalize,
): { readonly query: Value; readonly key: Value; readonly value: Value } {
  const [batch, tokens] = x.shape as [number, Dimension]
  const counts = [heads, keyValueHeads, keyValueHeads]
  const widths = counts.map((count) => count * headSize)
  const parts = (): readonly Value[] => {
    if (projection.kind === 'separate')
      return project.together(x, [projection.query, projection.key, projection.value], widths)
    const fused = project(x, projection.linear)
    if (projection.order === 'blocks') return split(fused, 2, widths)
    return split(reshape(fused, [batch, tokens, heads, 3 * headSize]), 3, [headSize, headSize, headSize])
  }
  const [query, key, value] = parts() as [Value, Value, Value]
  const inHeads = (part: Value, count: number) => reshape(part, [batch, tokens, count, headSize])
  const normed = (part: Value, count: number, norm: Norm | null) =>
    // A norm over all heads together comes before they are parted.
    norm && norm.weight.shape[0] !== headSize
      ? inHeads(normalize(part, norm), count)
      : normalize(inHeads(part, count), norm)
  return {
    query: normed(query, heads, queryNorm),
    key: normed(key, keyValueHeads, keyNorm),
    value: inHeads(value, keyValueHeads),
  }
}

function feedForward(x: Value, block: FeedForward, project: Project): Value {
  switch (block.kind) {
    case 'plain':
      return project(activate(project(x, block.up), block.activation), block.down)
    case 'gated': {
      const inner = block.down.weight.shape[1]!
      const [gate, up] = project.together(x, [block.gate, block.up], [inner, inner]) as [Value, Value]
      return project(multiply(activate(gate, block.activation), up), block.down)
    }
    case 'fused-gated': {
      const inner = block.down.weight.shape[1]!
      const [gate, up] = split(project(x, block.gateUp), 2, [inner, inner]) as [Value, Value]
      return project(multiply(activate(gate, block.activation), up), block.down)
    }
  }
}
