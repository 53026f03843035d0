import { z } from 'zod'
import type { Layer } from '../architecture.ts'
import {
  attentionShape,
  commonFields,
  commonParts,
  contextLength,
  defineFamily,
  epsilon,
  layerTypes,
  size,
  slidingLayers,
  window,
  type Family,
} from './config.ts'
import { llamaLayer, llamaModel, repeat, rmsNorm, weightPrefix, withHeadNorms } from './parts.ts'
import { describeRotary, rotaryFields } from './rotary.ts'

const fields = {
  ...commonFields,
  ...rotaryFields,
  num_key_value_heads: size(1_024).default(32),
  rms_norm_eps: epsilon.default(1e-6),
  max_position_embeddings: contextLength.default(32_768),
  tie_word_embeddings: z.boolean().default(false),
  hidden_act: z.literal('silu').default('silu'),
  use_sliding_window: z.boolean().default(false),
  sliding_window: window,
  max_window_layers: z.int().min(0).default(28),
  layer_types: layerTypes,
  // Qwen2's rotary scaling of images, off in language models.
  use_mrope: z.literal(false).optional(),
}

interface Differences {
  readonly headSize: number | undefined
  readonly projectionBias: boolean
  readonly outputBias: boolean
  readonly finish: (layer: Layer, prefix: string, headSize: number) => Layer
}

function describe(
  family: string,
  config: z.output<z.ZodObject<typeof fields>>,
  facts: Parameters<Family['describe']>[1],
  { headSize, projectionBias, outputBias, finish }: Differences,
) {
  const attention = attentionShape({ ...config, head_dim: headSize }, facts)
  const prefix = weightPrefix(facts)
  const rotary = describeRotary(config, attention.headSize, { theta: 10_000, share: 1 }, facts)
  const common = commonParts(config)
  const window = config.use_sliding_window ? (config.sliding_window ?? 4_096) : null
  const slides = slidingLayers(config, facts, (index) => index >= config.max_window_layers)
  return llamaModel({
    family,
    prefix,
    common,
    contextLength: config.max_position_embeddings,
    attention,
    layers: repeat(config.num_hidden_layers, (index) => {
      const layerPrefix = `${prefix}layers.${index}`
      const layer = llamaLayer({
        ...common,
        prefix: layerPrefix,
        shape: attention,
        epsilon: config.rms_norm_eps,
        rotary,
        window: slides[index] ? window : null,
        projectionBias,
        outputBias,
      })
      return finish(layer, layerPrefix, attention.headSize)
    }),
    finalNorm: rmsNorm(`${prefix}norm`, config.hidden_size, config.rms_norm_eps),
    tiedHead: config.tie_word_embeddings,
  })
}

/** Qwen2 and Qwen2.5 (Yang et al. 2024): Llama with biases on queries, keys and values. */
export const qwen2 = defineFamily(fields, (config, facts) =>
  describe('qwen2', config, facts, {
    headSize: undefined,
    projectionBias: true,
    outputBias: false,
    finish: (layer) => layer,
  }),
)

/** Qwen3 (Yang et al. 2025): no such biases by default, but norms on queries and keys. */
export const qwen3 = defineFamily(
  { ...fields, head_dim: size(1_024).default(128), attention_bias: z.boolean().default(false) },
  (config, facts) =>
    describe('qwen3', config, facts, {
      headSize: config.head_dim,
      projectionBias: config.attention_bias,
      outputBias: config.attention_bias,
      finish: (layer, prefix, headSize) => withHeadNorms(layer, prefix, headSize, config.rms_norm_eps),
    }),
)
