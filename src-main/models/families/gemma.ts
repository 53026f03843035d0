import { z } from 'zod'
import { activation, contextLength, defineFamily, size } from './config.ts'
import { llamaFields, llamaLike, llamaLayer, llamaModel } from './llama-like.ts'

/**
 * Gemma (Gemma Team 2024): gains of 1 + weight, an embedding scaled by √d, GELU. `hidden_act` says 'gelu' in
 * the first releases and means its tanh approximation, as `hidden_activation` says.
 */
export const gemma = defineFamily(
  {
    ...llamaFields,
    num_key_value_heads: size(1_024).default(16),
    head_dim: size(1_024).default(256),
    max_position_embeddings: contextLength.default(8_192),
    tie_word_embeddings: z.boolean().default(true),
    hidden_act: activation.default('gelu-tanh'),
    hidden_activation: z.enum(['gelu_pytorch_tanh', 'gelu']).optional(),
    attention_bias: z.boolean().default(false),
  },
  (config, facts) => {
    const { model, layers } = llamaLike('gemma', config, facts, { plusOne: true })
    const activation = config.hidden_act === 'gelu' ? 'gelu-tanh' : config.hidden_act
    return llamaModel({
      ...model,
      layers: layers.map((layer) => llamaLayer({ ...layer, activation })),
      embeddingScale: Math.sqrt(config.hidden_size),
    })
  },
)
