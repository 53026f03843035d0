import { z } from 'zod'
import { defineFamily, multiplier } from './config.ts'
import { llamaFields, llamaLike, llamaLayer, llamaModel } from './llama-like.ts'

/** Granite 3 (IBM 2024): Llama with multipliers on embedding, scores, residual stream and logits. */
export const granite = defineFamily(
  {
    ...llamaFields,
    attention_bias: z.boolean().default(false),
    mlp_bias: z.boolean().default(false),
    embedding_multiplier: multiplier.default(1),
    attention_multiplier: multiplier.default(1),
    residual_multiplier: multiplier.default(1),
    logits_scaling: multiplier.default(1),
  },
  (config, facts) => {
    const { model, layers } = llamaLike('granite', config, facts)
    const residualScale = config.residual_multiplier
    return llamaModel({
      ...model,
      attention: { ...model.attention, scoreScale: config.attention_multiplier },
      layers: layers.map((layer) => llamaLayer({ ...layer, residualScale })),
      embeddingScale: config.embedding_multiplier,
      logitScale: 1 / config.logits_scaling,
    })
  },
)
