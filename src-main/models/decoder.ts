import { add, gatherRows, multiplyDimensions, reshape, type Dimension, type Value } from '../graph/index.ts'
import { weightNames, type Architecture } from './architecture.ts'
import {
  attend,
  gatedMlp,
  groupHeads,
  linear,
  rmsNorm,
  rotaryAngles,
  rotate,
  ungroupHeads,
  type PastKeyValues,
  type Purpose,
} from './blocks.ts'

/** Where a graph gets a weight from: external data of a checkpoint, or an input while training. */
export type WeightSource = (name: string) => Value

export interface TrunkInputs {
  /** int64 [batch, tokens]; the batch size is known when the graph is built. */
  readonly tokens: Value
  /** int64 [tokens], the same for each sequence of the batch. */
  readonly positions: Value
  /** float32 [tokens, tokens]: 0 where a token may attend, large negative where it may not. */
  readonly causalMask: Value
  /** The cache of each layer; null: the tokens have no past. */
  readonly past: readonly PastKeyValues[] | null
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
  weight: WeightSource,
  inputs: TrunkInputs,
  purpose: Purpose,
): TrunkOutputs {
  const { normEpsilon } = architecture
  const { heads, keyValueHeads, headSize } = architecture.attention
  const [batch, tokens] = inputs.tokens.shape as [number, Dimension]
  const angles = rotaryAngles(inputs.positions, architecture.rotaryFrequencies)
  const group = heads / keyValueHeads
  const present: { key: Value; value: Value }[] = []

  let x = gatherRows(weight(weightNames.embedding), inputs.tokens)
  for (let index = 0; index < architecture.layers; index++) {
    const names = weightNames.layer(index)
    const project = (from: Value, name: string, count: number) =>
      reshape(linear(from, weight(name)), [batch, tokens, count, headSize])

    const normed = rmsNorm(x, weight(names.inputNorm), normEpsilon, purpose)
    const query = groupHeads(rotate(project(normed, names.query, heads), angles, purpose), keyValueHeads)
    const key = groupHeads(rotate(project(normed, names.key, keyValueHeads), angles, purpose), keyValueHeads)
    const value = groupHeads(project(normed, names.value, keyValueHeads), keyValueHeads)
    const attended = attend({ query, key, value, group }, inputs.causalMask, inputs.past?.[index] ?? null)
    x = add(x, linear(ungroupHeads(attended, batch, tokens, group), weight(names.output)))

    const mlpInput = rmsNorm(x, weight(names.postAttentionNorm), normEpsilon, purpose)
    x = add(
      x,
      gatedMlp(mlpInput, { gate: weight(names.gate), up: weight(names.up), down: weight(names.down) }),
    )
    present.push({ key, value })
  }
  const hidden = rmsNorm(x, weight(weightNames.finalNorm), normEpsilon, purpose)
  return { hidden: reshape(hidden, [multiplyDimensions(batch, tokens), architecture.hiddenSize]), present }
}

/** The base model's LM head: hidden [rows, d] → logits [rows, V]. */
export function headLogits(architecture: Architecture, weight: WeightSource, hidden: Value): Value {
  return linear(hidden, weight(architecture.tiedHead ? weightNames.embedding : weightNames.head))
}
