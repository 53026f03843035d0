import { z } from 'zod'
import { contextLength, defineFamily, layerTypes, misfit, size, slidingLayers, window } from './config.ts'
import { llamaFields, llamaLike, llamaLayer, llamaModel } from './llama-like.ts'

/** SmolLM3 (Hugging Face 2025): Llama in which every fourth layer knows no positions. */
export const smollm3 = defineFamily(
  {
    ...llamaFields,
    num_key_value_heads: size(1_024).default(4),
    max_position_embeddings: contextLength.default(32_768),
    tie_word_embeddings: z.boolean().default(true),
    use_sliding_window: z.boolean().default(false),
    sliding_window: window,
    max_window_layers: z.int().optional(),
    no_rope_layers: z
      .array(z.union([z.literal(0), z.literal(1)]))
      .max(1_024)
      .optional(),
    no_rope_layer_interval: size(1_024).default(4),
    layer_types: layerTypes,
    attention_bias: z.boolean().default(false),
    mlp_bias: z.boolean().default(false),
  },
  (config, facts) => {
    const { num_hidden_layers: count, no_rope_layers: given } = config
    if (given && given.length !== count)
      throw misfit(facts, 'no_rope_layers', `must have ${count} entries, one for each layer`)
    const isRotary = (index: number) =>
      given ? given[index] === 1 : (index + 1) % config.no_rope_layer_interval !== 0
    const { model, layers } = llamaLike('smollm3', config, facts, { theta: 2_000_000 })
    const window = config.use_sliding_window ? (config.sliding_window ?? null) : null
    const slides = slidingLayers(config, facts, (index) => window !== null && !isRotary(index))
    return llamaModel({
      ...model,
      layers: layers.map((layer, index) =>
        llamaLayer({
          ...layer,
          rotary: isRotary(index) ? layer.rotary : null,
          window: slides[index] ? window : null,
        }),
      ),
    })
  },
)
