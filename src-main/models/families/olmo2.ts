import { z } from 'zod'
import {
  attentionShape,
  commonFields,
  commonParts,
  contextLength,
  defineFamily,
  epsilon,
  size,
} from './config.ts'
import { llamaLayer, llamaModel, repeat, rmsNorm, weightPrefix } from './parts.ts'
import { describeRotary, rotaryFields } from './rotary.ts'

/** OLMo 2 (OLMo Team 2024): norms after the blocks, none before, and over all queries and all keys together. */
export const olmo2 = defineFamily(
  {
    ...commonFields,
    ...rotaryFields,
    num_key_value_heads: size(1_024).optional(),
    rms_norm_eps: epsilon.default(1e-5),
    max_position_embeddings: contextLength.default(2_048),
    tie_word_embeddings: z.boolean().default(false),
    hidden_act: z.literal('silu').default('silu'),
    attention_bias: z.boolean().default(false),
  },
  (config, facts) => {
    const attention = attentionShape(config, facts)
    const { heads, keyValueHeads, headSize } = attention
    const prefix = weightPrefix(facts)
    const rotary = describeRotary(config, headSize, { theta: 10_000, share: 1 }, facts)
    const common = commonParts(config)
    return llamaModel({
      family: 'olmo2',
      prefix,
      common,
      contextLength: config.max_position_embeddings,
      attention,
      layers: repeat(config.num_hidden_layers, (index) => {
        const layerPrefix = `${prefix}layers.${index}`
        const norm = (name: string, width: number) =>
          rmsNorm(`${layerPrefix}.${name}`, width, config.rms_norm_eps)
        const layer = llamaLayer({
          ...common,
          prefix: layerPrefix,
          shape: attention,
          epsilon: config.rms_norm_eps,
          rotary,
          projectionBias: config.attention_bias,
          outputBias: config.attention_bias,
        })
        return {
          ...layer,
          attention: {
            ...layer.attention,
            queryNorm: norm('self_attn.q_norm', heads * headSize),
            keyNorm: norm('self_attn.k_norm', keyValueHeads * headSize),
          },
          norms: {
            attentionInput: null,
            attentionOutput: norm('post_attention_layernorm', common.hiddenSize),
            feedForwardInput: null,
            feedForwardOutput: norm('post_feedforward_layernorm', common.hiddenSize),
          },
        }
      }),
      finalNorm: rmsNorm(`${prefix}norm`, config.hidden_size, config.rms_norm_eps),
      tiedHead: config.tie_word_embeddings,
    })
  },
)
