import { z } from 'zod'
import type { Activation, Architecture, AttentionShape, Layer, Norm, Rotary } from '../architecture.ts'
import {
  attentionShape,
  commonFields,
  commonParts,
  contextLength,
  epsilon,
  size,
  type ModelFacts,
} from './config.ts'
import { linear, rmsNorm, separateProjection } from './parts.ts'
import { describeRotary, rotaryFields, type RotaryConfig, type RotaryParameters } from './rotary.ts'

/** The config of a model in Llama's form. A family adds its fields and overrides the defaults that differ. */
export const llamaFields = {
  ...commonFields,
  ...rotaryFields,
  num_key_value_heads: size(1_024).optional(),
  rms_norm_eps: epsilon.default(1e-6),
  max_position_embeddings: contextLength.default(2_048),
  tie_word_embeddings: z.boolean().default(false),
  hidden_act: z.literal('silu').default('silu'),
}

type LlamaConfig = RotaryConfig &
  Parameters<typeof attentionShape>[0] &
  Parameters<typeof commonParts>[0] & {
    readonly num_hidden_layers: number
    readonly rms_norm_eps: number
    readonly tie_word_embeddings: boolean
    readonly attention_bias?: boolean
    readonly mlp_bias?: boolean
  }

/**
 * What a config in Llama's form says: the model but for its layers, and the settings of each layer. A family
 * changes what differs and builds its layers from the settings.
 */
export function llamaLike(
  family: string,
  config: LlamaConfig,
  facts: ModelFacts,
  options: {
    /** Base of the rotary embedding where the config has none. */
    readonly theta?: number
    /** Parameters of the rotary embedding, where they are not as in the config. */
    readonly rotary?: RotaryParameters
    /** Prefixes that the decoder's weights may have. */
    readonly prefixes?: readonly string[]
    /** Gains are 1 + weight. */
    readonly plusOne?: boolean
  } = {},
): { readonly model: Omit<LlamaModel, 'layers'>; readonly layers: readonly LlamaLayer[] } {
  const { theta = 10_000, prefixes = ['model.', ''], plusOne = false } = options
  const attention = attentionShape(config, facts)
  // The first one that the checkpoint uses. A headless model has none.
  const prefix = prefixes.find((prefix) => facts.hasTensor(`${prefix}embed_tokens.weight`)) ?? prefixes[0]!
  const rotary = describeRotary(config, attention.headSize, { theta, share: 1 }, facts, options.rotary)
  const common = commonParts(config)
  const {
    rms_norm_eps: epsilon,
    attention_bias: attentionBias = false,
    mlp_bias: feedForwardBias = false,
  } = config
  return {
    model: {
      family,
      prefix,
      common,
      contextLength: config.max_position_embeddings,
      attention,
      finalNorm: rmsNorm(`${prefix}norm`, common.hiddenSize, epsilon, plusOne),
      tiedHead: config.tie_word_embeddings,
    },
    layers: Array.from({ length: config.num_hidden_layers }, (_, index) => ({
      prefix: `${prefix}layers.${index}`,
      hiddenSize: common.hiddenSize,
      intermediateSize: common.intermediateSize,
      shape: attention,
      epsilon,
      rotary,
      window: null,
      activation: 'silu',
      projectionBias: attentionBias,
      outputBias: attentionBias,
      feedForwardBias,
      plusOne,
      residualScale: 1,
    })),
  }
}

/** The settings of one layer. */
export interface LlamaLayer {
  /** `model.layers.N`. */
  readonly prefix: string
  readonly hiddenSize: number
  readonly intermediateSize: number
  readonly shape: AttentionShape
  readonly epsilon: number
  readonly rotary: Rotary | null
  readonly window: number | null
  readonly activation: Activation
  readonly projectionBias: boolean
  readonly outputBias: boolean
  readonly feedForwardBias: boolean
  /** Gains are 1 + weight. */
  readonly plusOne: boolean
  readonly residualScale: number
}

/** A layer of Llama: RMSNorm before attention and before a gated feed-forward block. */
export function llamaLayer(layer: LlamaLayer): Layer {
  const { prefix, hiddenSize: d, intermediateSize: inner, shape, epsilon, plusOne, feedForwardBias } = layer
  return {
    attention: {
      projection: separateProjection(`${prefix}.self_attn`, d, shape, layer.projectionBias),
      output: linear(`${prefix}.self_attn.o_proj`, shape.heads * shape.headSize, d, layer.outputBias),
      queryNorm: null,
      keyNorm: null,
      rotary: layer.rotary,
      window: layer.window,
    },
    feedForward: {
      kind: 'gated',
      gate: linear(`${prefix}.mlp.gate_proj`, d, inner, feedForwardBias),
      up: linear(`${prefix}.mlp.up_proj`, d, inner, feedForwardBias),
      down: linear(`${prefix}.mlp.down_proj`, inner, d, feedForwardBias),
      activation: layer.activation,
    },
    norms: {
      attentionInput: rmsNorm(`${prefix}.input_layernorm`, d, epsilon, plusOne),
      attentionOutput: null,
      feedForwardInput: rmsNorm(`${prefix}.post_attention_layernorm`, d, epsilon, plusOne),
      feedForwardOutput: null,
    },
    parallel: false,
    residualScale: layer.residualScale,
  }
}

/** Normalises queries and keys of each head by itself, before the rotary embedding. */
export function withHeadNorms(layer: Layer, { prefix, shape, epsilon, plusOne }: LlamaLayer): Layer {
  const { headSize } = shape
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
export function withSandwichNorms(layer: Layer, settings: LlamaLayer): Layer {
  const { prefix, hiddenSize, epsilon, plusOne } = settings
  const norm = (name: string) => rmsNorm(`${prefix}.${name}_layernorm`, hiddenSize, epsilon, plusOne)
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

interface LlamaModel {
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
