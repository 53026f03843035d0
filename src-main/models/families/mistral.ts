import { contextLength, defineFamily, size, window } from './config.ts'
import { llamaFields, llamaLike, llamaLayer, llamaModel } from './llama-like.ts'

/** Mistral (Jiang et al. 2023): Llama with a sliding window. */
export const mistral = defineFamily(
  {
    ...llamaFields,
    num_key_value_heads: size(1_024).default(8),
    head_dim: size(1_024).optional(),
    max_position_embeddings: contextLength.default(131_072),
    sliding_window: window,
  },
  (config, facts) => {
    const { model, layers } = llamaLike('mistral', config, facts)
    const window = config.sliding_window ?? null
    return llamaModel({ ...model, layers: layers.map((layer) => llamaLayer({ ...layer, window })) })
  },
)
