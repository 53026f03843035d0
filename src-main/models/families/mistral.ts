import { z } from 'zod'
import {
  attentionShape,
  commonFields,
  commonParts,
  contextLength,
  defineFamily,
  epsilon,
  size,
  window,
} from './config.ts'
import { llamaLayer, llamaModel, repeat, rmsNorm, weightPrefix } from './parts.ts'
import { describeRotary, rotaryFields } from './rotary.ts'

/** Mistral (Jiang et al. 2023): Llama with a sliding window. */
export const mistral = defineFamily(
  {
    ...commonFields,
    ...rotaryFields,
    num_key_value_heads: size(1_024).default(8),
    head_dim: size(1_024).optional(),
    rms_norm_eps: epsilon.default(1e-6),
    max_position_embeddings: contextLength.default(131_072),
    tie_word_embeddings: z.boolean().default(false),
    hidden_act: z.literal('silu').default('silu'),
    sliding_window: window,
  },
  (config, facts) => {
    const attention = attentionShape(config, facts)
    const prefix = weightPrefix(facts)
    const rotary = describeRotary(config, attention.headSize, { theta: 10_000, share: 1 }, facts)
    const common = commonParts(config)
    return llamaModel({
      family: 'mistral',
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
          window: config.sliding_window ?? null,
        }),
      ),
      finalNorm: rmsNorm(`${prefix}norm`, config.hidden_size, config.rms_norm_eps),
      tiedHead: config.tie_word_embeddings,
    })
  },
)
