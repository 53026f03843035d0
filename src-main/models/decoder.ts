import {
  add,
  cast,
  createSingleOutputNode,
  gatherRows,
  multiply,
  multiplyDimensions,
  reshape,
  scalar,
  split,
  subtract,
  type Dimension,
  type Value,
} from '../graph/index.ts'
import { maskedScore } from '../runtime/masks.ts'
import type { Architecture, FeedForward, Layer, Linear, Norm, Rotary, Weight } from './architecture.ts'
import {
  activate,
  attend,
  groupHeads,
  layerNorm,
  linear,
  rmsNorm,
  rotaryAngles,
  rotate,
  softCap,
  ungroupHeads,
  widen,
  type PastKeyValues,
  type Purpose,
} from './blocks.ts'
import type { WeightSource } from './weights.ts'

export interface TrunkInputs {
  /** int64 [batch, tokens]; the batch size is known when the graph is built. */
  readonly tokens: Value
  /** int64 [tokens], the same for each sequence of the batch. */
  readonly positions: Value
  /** float32 [tokens, tokens]: 0 where a token may attend, large negative where it may not. */
  readonly causalMask: Value
  /** The cache; null: the tokens have no past. */
  readonly past: {
    /** Keys and values of each layer. */
    readonly layers: readonly { readonly keys: Value; readonly values: Value }[]
    /** float32 [1, capacity]: large negative where the cache holds nothing yet. */
    readonly mask: Value
    /** float32 [1, capacity]: where in the text each place of the cache stands. Read if a layer has a window. */
    readonly positions: Value
  } | null
}

export interface TrunkOutputs {
  /** Hidden states after the final norm, what the LM head sees: float32 [batch · tokens, hiddenSize]. */
  readonly hidden: Value
  /** The new tokens' keys and values of each layer, [batch · keyValueHeads, tokens, headSize]. */
  readonly present: readonly { readonly key: Value; readonly value: Value }[]
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
  const { keyValueHeads, heads, scoreScale: scale, scoreCap: cap } = architecture.attention
  const normalize = normalizer(source, purpose)
  const project = projector(source)
  const anglesOf = memoize((rotary: Rotary) => rotaryAngles(inputs.positions, rotary))
  const masksOf = memoize((window: number | null) => masks(inputs, window))
  const present: { key: Value; value: Value }[] = []

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
    const place = (value: Value) =>
      attention.rotary ? rotate(value, anglesOf(attention.rotary), purpose) : value
    const query = groupHeads(place(projected.query), keyValueHeads)
    const key = groupHeads(place(projected.key), keyValueHeads)
    const value = groupHeads(projected.value, keyValueHeads)
    const group = heads / keyValueHeads
    const mask = masksOf(attention.window)
    const past: PastKeyValues | null =
      inputs.past && mask.past ? { ...inputs.past.layers[index]!, mask: mask.past } : null
    const attended = attend({ query, key, value, group }, mask.causal, past, { scale, cap })
    const attentionBlock = normalize(
      project(ungroupHeads(attended, batch, tokens, group), attention.output),
      norms.attentionOutput,
    )
    const afterAttention = addTo(x, attentionBlock)
    const feedForwardInput = normalize(layer.parallel ? x : afterAttention, norms.feedForwardInput)
    const feedForwardBlock = feedForward(feedForwardInput, layer.feedForward, project)
    x = addTo(afterAttention, normalize(feedForwardBlock, norms.feedForwardOutput))
    present.push({ key, value })
  }
  const hidden = normalize(x, finalNorm)
  return { hidden: reshape(hidden, [multiplyDimensions(batch, tokens), hiddenSize]), present }
}

/** The base model's LM head: hidden [rows, d] → logits [rows, V]. */
export function headLogits({ head }: Architecture, source: WeightSource, hidden: Value): Value {
  const raw = linear(hidden, source.matrix(head.weight.name))
  const scaled = head.scale === 1 ? raw : multiply(raw, head.scale)
  return head.cap === null ? scaled : softCap(scaled, head.cap)
}

function embed({ embedding }: Architecture, source: WeightSource, inputs: TrunkInputs): Value {
  // Rows are widened, not the table: it may be the largest weight of all.
  const rows = (table: Weight, indices: Value) => widen(gatherRows(source.tensor(table.name), indices))
  const tokens = rows(embedding.weight, inputs.tokens)
  const scaled = embedding.scale === 1 ? tokens : multiply(tokens, embedding.scale)
  return embedding.positions ? add(scaled, rows(embedding.positions, inputs.positions)) : scaled
}

type Project = (x: Value, linear: Linear) => Value
type Normalize = (x: Value, norm: Norm | null) => Value

function projector(source: WeightSource): Project {
  return (x, { weight, bias, transposed }) => {
    const product = linear(x, source.matrix(weight.name), { transposed })
    return bias ? add(product, widen(source.tensor(bias.name))) : product
  }
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
  const parts = (): readonly Value[] => {
    if (projection.kind === 'separate')
      return [projection.query, projection.key, projection.value].map((part) => project(x, part))
    const fused = project(x, projection.linear)
    if (projection.order === 'blocks') {
      const widths = counts.map((count) => count * headSize)
      return split(fused, 2, widths)
    }
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
      const gate = activate(project(x, block.gate), block.activation)
      return project(multiply(gate, project(x, block.up)), block.down)
    }
    case 'fused-gated': {
      const inner = block.down.weight.shape[1]!
      const [gate, up] = split(project(x, block.gateUp), 2, [inner, inner]) as [Value, Value]
      return project(multiply(activate(gate, block.activation), up), block.down)
    }
  }
}

/** What is added to the scores among new tokens, and to those of new tokens with the cache. */
function masks(
  { positions, causalMask, past }: TrunkInputs,
  window: number | null,
): { readonly causal: Value; readonly past: Value | null } {
  if (window === null) return { causal: causalMask, past: past?.mask ?? null }
  const count = positions.shape[0]!
  const here = cast(positions, 'float32')
  const column = reshape(here, [count, 1])
  /** Large negative where the distance to `others` [1, n] is `window` or more. */
  const tooFar = (others: Value) => {
    const excess = subtract(column, add(others, window - 1))
    const clipped = createSingleOutputNode('Clip', [excess, scalar(0), scalar(1)], excess.shape)
    return multiply(clipped, maskedScore)
  }
  return {
    causal: add(causalMask, tooFar(reshape(here, [1, count]))),
    past: past && add(past.mask, tooFar(past.positions)),
  }
}

function memoize<Key, Result>(compute: (key: Key) => Result): (key: Key) => Result {
  const known = new Map<Key, Result>()
  return (key) => {
    const result = known.get(key) ?? compute(key)
    known.set(key, result)
    return result
  }
}
