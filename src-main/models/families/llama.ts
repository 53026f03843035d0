import { z } from 'zod'
import {
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

/** Llama 2 and 3.x (Touvron et al. 2023; Grattafiori et al. 2024), and the many models in its form. */
export const llama = defineFamily(
  {
    ...commonFields,
    ...rotaryFields,
    num_key_value_heads: size(1_024).optional(),
    head_dim: size(1_024).optional(),
    rms_norm_eps: epsilon.default(1e-6),
    max_position_embeddings: contextLength.default(2_048),
    tie_word_embeddings: z.boolean().default(false),
    hidden_act: z.literal('silu').default('silu'),
    attention_bias: z.boolean().default(false),
    mlp_bias: z.boolean().default(false),
  },
  (config, facts) => {
    const attention = attentionShape(config, facts)
    const prefix = weightPrefix(facts)
    const rotary = describeRotary(config, attention.headSize, { theta: 10_000, share: 1 }, facts)
    const common = commonParts(config)
    return llamaModel({
      family: 'llama',
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
          projectionBias: config.attention_bias,
          outputBias: config.attention_bias,
          feedForwardBias: config.mlp_bias,
        }),
      ),
      finalNorm: rmsNorm(`${prefix}norm`, config.hidden_size, config.rms_norm_eps),
      tiedHead: config.tie_word_embeddings,
    })
  },
)
