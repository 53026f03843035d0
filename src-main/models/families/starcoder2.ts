import { z } from 'zod'
import {
  activation,
  attentionShape,
  commonFields,
  commonParts,
  contextLength,
  defineFamily,
  epsilon,
  size,
  window,
} from './config.ts'
import { layerNorm, linear, llamaLayer, llamaModel, repeat, weightPrefix } from './parts.ts'
import { describeRotary, rotaryFields } from './rotary.ts'

/** StarCoder2 (Lozhkov et al. 2024): LayerNorm, biases everywhere, a feed-forward block without a gate. */
export const starcoder2 = defineFamily(
  {
    ...commonFields,
    ...rotaryFields,
    num_key_value_heads: size(1_024).default(2),
    norm_epsilon: epsilon.default(1e-5),
    norm_type: z.literal('layer_norm').optional(),
    max_position_embeddings: contextLength.default(4_096),
    tie_word_embeddings: z.boolean().default(true),
    hidden_act: activation.default('gelu-tanh'),
    activation_function: z.string().optional(),
    mlp_type: z.literal('default').optional(),
    use_bias: z.boolean().default(true),
    sliding_window: window,
    // The reference implementation never reads it.
    attention_softmax_in_fp32: z.boolean().optional(),
    scale_attention_softmax_in_fp32: z.boolean().optional(),
    scale_attn_weights: z.literal(true).optional(),
    layer_norm_epsilon: epsilon.optional(),
  },
  (config, facts) => {
    const attention = attentionShape(config, facts)
    const prefix = weightPrefix(facts)
    const rotary = describeRotary(config, attention.headSize, { theta: 10_000, share: 1 }, facts)
    const common = commonParts(config)
    const { hiddenSize: d, intermediateSize: inner } = common
    const norm = (name: string) => layerNorm(name, d, config.norm_epsilon)
    return llamaModel({
      family: 'starcoder2',
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
          epsilon: config.norm_epsilon,
          rotary,
          window: config.sliding_window ?? null,
          projectionBias: config.use_bias,
          outputBias: config.use_bias,
        })
        return {
          ...layer,
          feedForward: {
            kind: 'plain',
            up: linear(`${layerPrefix}.mlp.c_fc`, d, inner, config.use_bias),
            down: linear(`${layerPrefix}.mlp.c_proj`, inner, d, config.use_bias),
            activation: config.hidden_act,
          },
          norms: {
            attentionInput: norm(`${layerPrefix}.input_layernorm`),
            attentionOutput: null,
            feedForwardInput: norm(`${layerPrefix}.post_attention_layernorm`),
            feedForwardOutput: null,
          },
        }
      }),
      finalNorm: norm(`${prefix}norm`),
      tiedHead: config.tie_word_embeddings,
    })
  },
)
