import { z } from 'zod'
import type { Layer } from '../architecture.ts'
import {
  contextLength,
  defineFamily,
  layerTypes,
  size,
  slidingLayers,
  window,
  type ModelFacts,
} from './config.ts'
import {
  llamaFields,
  llamaLike,
  llamaLayer,
  llamaModel,
  withHeadNorms,
  type LlamaLayer,
} from './llama-like.ts'

const fields = {
  ...llamaFields,
  num_key_value_heads: size(1_024).default(32),
  max_position_embeddings: contextLength.default(32_768),
  use_sliding_window: z.boolean().default(false),
  sliding_window: window,
  max_window_layers: z.int().min(0).default(28),
  layer_types: layerTypes,
  // Qwen2's rotary scaling of images, off in language models.
  use_mrope: z.literal(false).optional(),
}

function describe(
  family: string,
  config: z.output<z.ZodObject<typeof fields>>,
  facts: ModelFacts,
  makeLayer: (settings: LlamaLayer) => Layer,
) {
  const { model, layers } = llamaLike(family, config, facts)
  const window = config.use_sliding_window ? (config.sliding_window ?? 4_096) : null
  const slides = slidingLayers(config, facts, (index) => index >= config.max_window_layers)
  return llamaModel({
    ...model,
    layers: layers.map((layer, index) => makeLayer({ ...layer, window: slides[index] ? window : null })),
  })
}

/** Qwen2 and Qwen2.5 (Yang et al. 2024): Llama with biases on queries, keys and values. */
export const qwen2 = defineFamily(fields, (config, facts) =>
  describe('qwen2', config, facts, (layer) => llamaLayer({ ...layer, projectionBias: true })),
)

/** Qwen3 (Yang et al. 2025): no such biases by default, but norms on queries and keys. */
export const qwen3 = defineFamily(
  { ...fields, head_dim: size(1_024).default(128), attention_bias: z.boolean().default(false) },
  (config, facts) => describe('qwen3', config, facts, (layer) => withHeadNorms(llamaLayer(layer), layer)),
)
