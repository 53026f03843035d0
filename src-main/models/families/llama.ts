import { z } from 'zod'
import { defineFamily, size } from './config.ts'
import { llamaFields, llamaLike, llamaLayer, llamaModel } from './llama-like.ts'

/** Llama 2 and 3.x (Touvron et al. 2023; Grattafiori et al. 2024), and the many models in its form. */
export const llama = defineFamily(
  {
    ...llamaFields,
    head_dim: size(1_024).optional(),
    attention_bias: z.boolean().default(false),
    mlp_bias: z.boolean().default(false),
  },
  (config, facts) => {
    const { model, layers } = llamaLike('llama', config, facts)
    return llamaModel({ ...model, layers: layers.map(llamaLayer) })
  },
)
