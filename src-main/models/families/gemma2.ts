import { z } from 'zod'
import {
  activation,
  attentionShape,
  cap,
  commonFields,
  commonParts,
  contextLength,
  defineFamily,
  epsilon,
  layerTypes,
  multiplier,
  size,
  slidingLayers,
  window,
} from './config.ts'
import { llamaLayer, llamaModel, repeat, rmsNorm, weightPrefix, withSandwichNorms } from './parts.ts'
import { describeRotary, rotaryFields } from './rotary.ts'

/** Gemma 2 (Gemma Team 2024): every other layer slides; scores and logits are capped; norms around each block. */
export const gemma2 = defineFamily(
  {
    ...commonFields,
    ...rotaryFields,
    num_key_value_heads: size(1_024).default(4),
    head_dim: size(1_024).default(256),
    rms_norm_eps: epsilon.default(1e-6),
    max_position_embeddings: contextLength.default(8_192),
    tie_word_embeddings: z.boolean().default(true),
    hidden_activation: activation.default('gelu-tanh'),
    // Written by older versions beside hidden_activation, and not read.
    hidden_act: z.string().optional(),
    attention_bias: z.boolean().default(false),
    query_pre_attn_scalar: multiplier.default(256),
    sliding_window: window,
    sliding_window_size: window,
    layer_types: layerTypes,
    attn_logit_softcapping: cap,
    final_logit_softcapping: cap,
  },
  (config, facts) => {
    const attention = {
      ...attentionShape(config, facts),
      scoreScale: config.query_pre_attn_scalar ** -0.5,
      scoreCap: config.attn_logit_softcapping ?? null,
    }
    const prefix = weightPrefix(facts)
    const rotary = describeRotary(config, attention.headSize, { theta: 10_000, share: 1 }, facts)
    const common = commonParts(config)
    const slides = slidingLayers(config, facts, (index) => index % 2 === 0)
    return llamaModel({
      family: 'gemma2',
      prefix,
      common,
      contextLength: config.max_position_embeddings,
      attention,
      layers: repeat(config.num_hidden_layers, (index) => {
        const layerPrefix = `${prefix}layers.${index}`
        const layer = llamaLayer({
          ...common,
          prefix: layerPrefix,
          shape: attention,
          epsilon: config.rms_norm_eps,
          rotary,
          window: slides[index] ? (config.sliding_window ?? null) : null,
          activation: config.hidden_activation,
          projectionBias: config.attention_bias,
          outputBias: config.attention_bias,
          plusOne: true,
        })
        return withSandwichNorms(layer, layerPrefix, config.hidden_size, config.rms_norm_eps)
      }),
      finalNorm: rmsNorm(`${prefix}norm`, config.hidden_size, config.rms_norm_eps, true),
      tiedHead: config.tie_word_embeddings,
      embeddingScale: Math.sqrt(config.hidden_size),
      logitCap: config.final_logit_softcapping ?? null,
    })
  },
)
