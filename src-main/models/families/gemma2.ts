import { z } from 'zod'
import {
  activation,
  cap,
  contextLength,
  defineFamily,
  layerTypes,
  multiplier,
  size,
  slidingLayers,
  window,
} from './config.ts'
import { llamaFields, llamaLike, llamaLayer, llamaModel, withSandwichNorms } from './llama-like.ts'

/** Gemma 2 (Gemma Team 2024): every other layer slides; scores and logits are capped; norms around each block. */
export const gemma2 = defineFamily(
  {
    ...llamaFields,
    num_key_value_heads: size(1_024).default(4),
    head_dim: size(1_024).default(256),
    max_position_embeddings: contextLength.default(8_192),
    tie_word_embeddings: z.boolean().default(true),
    hidden_activation: activation.default('gelu-tanh'),
    // Written by older versions in addition to hidden_activation, and not read.
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
    const { model, layers } = llamaLike('gemma2', config, facts, { plusOne: true })
    const slides = slidingLayers(config, facts, (index) => index % 2 === 0)
    return llamaModel({
      ...model,
      attention: {
        ...model.attention,
        scoreScale: config.query_pre_attn_scalar ** -0.5,
        scoreCap: config.attn_logit_softcapping ?? null,
      },
      layers: layers.map((layer, index) => {
        const window = slides[index] ? (config.sliding_window ?? null) : null
        return withSandwichNorms(
          llamaLayer({ ...layer, window, activation: config.hidden_activation }),
          layer,
        )
      }),
      embeddingScale: Math.sqrt(config.hidden_size),
      logitCap: config.final_logit_softcapping ?? null,
    })
  },
)
