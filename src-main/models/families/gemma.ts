import { z } from 'zod'
import {
  activation,
  attentionShape,
  commonFields,
  commonParts,
  contextLength,
  defineFamily,
  epsilon,
  size,
} from './config.ts'
import { llamaLayer, llamaModel, repeat, rmsNorm, weightPrefix } from './parts.ts'
import { describeRotary, rotaryFields } from './rotary.ts'

/**
 * Gemma (Gemma Team 2024): gains of 1 + weight, an embedding scaled by √d, GELU. `hidden_act` says 'gelu' in
 * the first releases and means its tanh approximation, as `hidden_activation` says.
 */
export const gemma = defineFamily(
  {
    ...commonFields,
    ...rotaryFields,
    num_key_value_heads: size(1_024).default(16),
    head_dim: size(1_024).default(256),
    rms_norm_eps: epsilon.default(1e-6),
    max_position_embeddings: contextLength.default(8_192),
    tie_word_embeddings: z.boolean().default(true),
    hidden_act: activation.default('gelu-tanh'),
    hidden_activation: z.enum(['gelu_pytorch_tanh', 'gelu']).optional(),
    attention_bias: z.boolean().default(false),
  },
  (config, facts) => {
    const attention = attentionShape(config, facts)
    const prefix = weightPrefix(facts)
    const rotary = describeRotary(config, attention.headSize, { theta: 10_000, share: 1 }, facts)
    const common = commonParts(config)
    return llamaModel({
      family: 'gemma',
      prefix,
      common,
      contextLength: config.max_position_embeddings,
      attention,
      layers: repeat(config.num_hidden_layers, (index) =>
        llamaLayer({
          ...common,
          prefix: `${prefix}layers.${index}`,
          shape: attention,
          epsilon: config.rms_norm_eps,
          rotary,
          activation: config.hidden_act === 'gelu' ? 'gelu-tanh' : config.hidden_act,
          projectionBias: config.attention_bias,
          outputBias: config.attention_bias,
          plusOne: true,
        }),
      ),
      finalNorm: rmsNorm(`${prefix}norm`, config.hidden_size, config.rms_norm_eps, true),
      tiedHead: config.tie_word_embeddings,
      embeddingScale: Math.sqrt(config.hidden_size),
    })
  },
)
