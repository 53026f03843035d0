import type {
  Activation,
  Architecture,
  AttentionProjection,
  AttentionShape,
  Layer,
  Linear,
  Norm,
  Rotary,
} from '../architecture.ts'
import type { commonParts, ModelFacts } from './config.ts'

/** `NAME.weight` [outputs, inputs] and, if it has one, `NAME.bias`. */
export function linear(name: string, inputs: number, outputs: number, hasBias = false): Linear {
  return {
    weight: { name: `${name}.weight`, shape: [outputs, inputs] },
    transposed: false,
    bias: hasBias ? { name: `${name}.bias`, shape: [outputs] } : null,
  }
}

/** RMSNorm with the gain `NAME.weight`. */
export function rmsNorm(name: string, size: number, epsilon: number, plusOne = false): Norm {
  return { kind: 'rms', weight: { name: `${name}.weight`, shape: [size] }, bias: null, epsilon, plusOne }
}

/** LayerNorm with `NAME.weight` and `NAME.bias`. */
export function layerNorm(name: string, size: number, epsilon: number): Norm {
  return {
    kind: 'layer',
    weight: { name: `${name}.weight`, shape: [size] },
    bias: { name: `${name}.bias`, shape: [size] },
    epsilon,
    plusOne: false,
  }
}

/** Three weights, named as in Llama. */
export function separateProjection(
  prefix: string,
  hiddenSize: number,
  { heads, keyValueHeads, headSize }: AttentionShape,
  hasBias: boolean,
): AttentionProjection {
  const project = (name: string, count: number) =>
    linear(`${prefix}.${name}_proj`, hiddenSize, count * headSize, hasBias)
  return {
    kind: 'separate',
    query: project('q', heads),
    key: project('k', keyValueHeads),
    value: project('v', keyValueHeads),
  }
}

export interface LlamaLayer {
  /** `model.layers.N`. */
  readonly prefix: string
  readonly hiddenSize: number
  readonly intermediateSize: number
  readonly shape: AttentionShape
  readonly epsilon: number
  readonly rotary: Rotary | null
  readonly window?: number | null
  readonly activation?: Activation
  readonly projectionBias?: boolean
  readonly outputBias?: boolean
  readonly feedForwardBias?: boolean
  /** Gains are 1 + weight. */
  readonly plusOne?: boolean
  readonly residualScale?: number
}

/** A layer of Llama: RMSNorm before attention and before a gated feed-forward block. */
export function llamaLayer(layer: LlamaLayer): Layer {
  const { prefix, hiddenSize: d, intermediateSize: inner, shape, epsilon, plusOne = false } = layer
  const { feedForwardBias = false } = layer
  return {
    attention: {
      projection: separateProjection(`${prefix}.self_attn`, d, shape, layer.projectionBias ?? false),
      output: linear(`${prefix}.self_attn.o_proj`, shape.heads * shape.headSize, d, layer.outputBias),
      queryNorm: null,
      keyNorm: null,
      rotary: layer.rotary,
      window: layer.window ?? null,
    },
    feedForward: {
      kind: 'gated',
      gate: linear(`${prefix}.mlp.gate_proj`, d, inner, feedForwardBias),
      up: linear(`${prefix}.mlp.up_proj`, d, inner, feedForwardBias),
      down: linear(`${prefix}.mlp.down_proj`, inner, d, feedForwardBias),
      activation: layer.activation ?? 'silu',
    },
    norms: {
      attentionInput: rmsNorm(`${prefix}.input_layernorm`, d, epsilon, plusOne),
      attentionOutput: null,
      feedForwardInput: rmsNorm(`${prefix}.post_attention_layernorm`, d, epsilon, plusOne),
      feedForwardOutput: null,
    },
    parallel: false,
    residualScale: layer.residualScale ?? 1,
  }
}

/** Normalises queries and keys of each head by itself, before the rotary embedding. */
export function withHeadNorms(layer: Layer, prefix: string, headSize: number, epsilon: number): Layer {
  const plusOne = layer.norms.attentionInput?.plusOne ?? false
  return {
    ...layer,
    attention: {
      ...layer.attention,
      queryNorm: rmsNorm(`${prefix}.self_attn.q_norm`, headSize, epsilon, plusOne),
      keyNorm: rmsNorm(`${prefix}.self_attn.k_norm`, headSize, epsilon, plusOne),
    },
  }
}

/** Gemma 2's and 3's layer: a norm before and after each block. */
export function withSandwichNorms(layer: Layer, prefix: string, size: number, epsilon: number): Layer {
  const norm = (name: string) => rmsNorm(`${prefix}.${name}_layernorm`, size, epsilon, true)
  return {
    ...layer,
    norms: {
      attentionInput: norm('input'),
      attentionOutput: norm('post_attention'),
      feedForwardInput: norm('pre_feedforward'),
      feedForwardOutput: norm('post_feedforward'),
    },
  }
}

/** The prefix of the decoder's weights: the first one that the checkpoint uses. A headless model has none. */
export function weightPrefix(
  { hasTensor }: ModelFacts,
  candidates: readonly string[] = ['model.', ''],
): string {
  return candidates.find((prefix) => hasTensor(`${prefix}embed_tokens.weight`)) ?? candidates[0]!
}

export interface LlamaModel {
  readonly family: string
  readonly prefix: string
  readonly common: ReturnType<typeof commonParts>
  readonly contextLength: number
  readonly attention: AttentionShape
  readonly layers: readonly Layer[]
  readonly finalNorm: Norm
  readonly tiedHead: boolean
  readonly embeddingScale?: number
  readonly logitScale?: number
  readonly logitCap?: number | null
}

/** A model whose embedding and head are named as in Llama. */
export function llamaModel(model: LlamaModel): Architecture {
  const { family, prefix, common, contextLength, attention, layers, finalNorm, tiedHead } = model
  const shape = [common.vocabularySize, common.hiddenSize]
  const embedding = { name: `${prefix}embed_tokens.weight`, shape }
  return {
    ...common,
    family,
    contextLength,
    embedding: { weight: embedding, scale: model.embeddingScale ?? 1, positions: null },
    attention,
    layers,
    finalNorm,
    head: {
      weight: tiedHead ? embedding : { name: 'lm_head.weight', shape },
      scale: model.logitScale ?? 1,
      cap: model.logitCap ?? null,
    },
    tiedHead,
  }
}

/** One layer for each index. */
export function repeat(layers: number, make: (index: number) => Layer): Layer[] {
  return Array.from({ length: layers }, (_, index) => make(index))
}
