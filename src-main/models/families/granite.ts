import { z } from 'zod'
import {
  attentionShape,
  commonFields,
  commonParts,
  contextLength,
  defineFamily,
  epsilon,
  multiplier,
  size,
} from './config.ts'
import { llamaLayer, llamaModel, repeat, rmsNorm, weightPrefix } from './parts.ts'
import { describeRotary, rotaryFields } from './rotary.ts'

/** Granite 3 (IBM 2024): Llama with multipliers on embedding, scores, residual stream and logits. */
export const granite = defineFamily(
  {
    ...commonFields,
    ...rotaryFields,
    num_key_value_heads: size(1_024).optional(),
    rms_norm_eps: epsilon.default(1e-6),
    max_position_embeddings: contextLength.default(2_048),
    tie_word_embeddings: z.boolean().default(false),
    hidden_act: z.literal('silu').default('silu'),
    attention_bias: z.boolean().default(false),
    mlp_bias: z.boolean().default(false),
    embedding_multiplier: multiplier.default(1),
    attention_multiplier: multiplier.default(1),
    residual_multiplier: multiplier.default(1),
    logits_scaling: multiplier.default(1),
  },
  (config, facts) => {
    const attention = { ...attentionShape(config, facts), scoreScale: config.attention_multiplier }
    const prefix = weightPrefix(facts)
    const rotary = describeRotary(config, attention.headSize, { theta: 10_000, share: 1 }, facts)
    const common = commonParts(config)
    return llamaModel({
      family: 'granite',
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
          residualScale: config.residual_multiplier,
        }),
      ),
      finalNorm: rmsNorm(`${prefix}norm`, config.hidden_size, config.rms_norm_eps),
      tiedHead: config.tie_word_embeddings,
      embeddingScale: config.embedding_multiplier,
      logitScale: 1 / config.logits_scaling,
    })
  },
)
