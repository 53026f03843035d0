import { z } from 'zod'
import {
  attentionShape,
  commonFields,
  commonParts,
  contextLength,
  defineFamily,
  epsilon,
  layerTypes,
  misfit,
  size,
  slidingLayers,
  window,
} from './config.ts'
import { llamaLayer, llamaModel, repeat, rmsNorm, weightPrefix } from './parts.ts'
import { describeRotary, rotaryFields } from './rotary.ts'

/** SmolLM3 (Hugging Face 2025): Llama in which every fourth layer knows no positions. */
export const smollm3 = defineFamily(
  {
    ...commonFields,
    ...rotaryFields,
    num_key_value_heads: size(1_024).default(4),
    rms_norm_eps: epsilon.default(1e-6),
    max_position_embeddings: contextLength.default(32_768),
    tie_word_embeddings: z.boolean().default(true),
    hidden_act: z.literal('silu').default('silu'),
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
    const { num_hidden_layers: layers, no_rope_layers: given } = config
    if (given && given.length !== layers)
      throw misfit(facts, 'no_rope_layers', `must have ${layers} entries, one for each layer`)
    const isRotary = (index: number) =>
      given ? given[index] === 1 : (index + 1) % config.no_rope_layer_interval !== 0
    const attention = attentionShape(config, facts)
    const prefix = weightPrefix(facts)
    const rotary = describeRotary(config, attention.headSize, { theta: 2_000_000, share: 1 }, facts)
    const common = commonParts(config)
    const window = config.use_sliding_window ? (config.sliding_window ?? null) : null
    const slides = slidingLayers(config, facts, (index) => window !== null && !isRotary(index))
    return llamaModel({
      family: 'smollm3',
      prefix,
      common,
      contextLength: config.max_position_embeddings,
      attention,
      layers: repeat(layers, (index) =>
        llamaLayer({
          ...common,
          prefix: `${prefix}layers.${index}`,
          shape: attention,
          epsilon: config.rms_norm_eps,
          rotary: isRotary(index) ? rotary : null,
          window: slides[index] ? window : null,
          projectionBias: config.attention_bias,
          outputBias: config.attention_bias,
          feedForwardBias: config.mlp_bias,
        }),
      ),
      finalNorm: rmsNorm(`${prefix}norm`, config.hidden_size, config.rms_norm_eps),
      tiedHead: config.tie_word_embeddings,
    })
  },
)
