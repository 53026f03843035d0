import { z } from 'zod'
import {
  attentionShape,
  commonFields,
  commonParts,
  contextLength,
  defineFamily,
  epsilon,
  size,
  window,
} from './config.ts'
import { linear, llamaLayer, llamaModel, repeat, rmsNorm, weightPrefix } from './parts.ts'
import { describeRotary, rotaryFields } from './rotary.ts'

/**
 * Phi-3 and Phi-4-mini (Abdin et al. 2024): queries, keys and values in one weight, gate and up in another.
 * Its first configs call LongRoPE 'su' or 'yarn'.
 */
export const phi3 = defineFamily(
  {
    ...commonFields,
    ...rotaryFields,
    num_key_value_heads: size(1_024).optional(),
    rms_norm_eps: epsilon.default(1e-5),
    max_position_embeddings: contextLength.default(4_096),
    original_max_position_embeddings: contextLength.default(4_096),
    tie_word_embeddings: z.boolean().default(false),
    hidden_act: z.literal('silu').default('silu'),
    sliding_window: window,
    attention_bias: z.literal(false).default(false),
    mlp_bias: z.literal(false).default(false),
    lm_head_bias: z.literal(false).default(false),
    // Phi-4-mini's own names for what the other fields say.
    full_attn_mod: z.literal(1).optional(),
    interpolate_factor: z.literal(1).optional(),
  },
  (config, facts) => {
    const attention = attentionShape(config, facts)
    const { heads, keyValueHeads, headSize } = attention
    const prefix = weightPrefix(facts)
    const given = config.rope_parameters ?? config.rope_scaling ?? {}
    const kind = given.rope_type ?? given.type ?? 'default'
    const rotary = describeRotary(config, headSize, { theta: 10_000, share: 1 }, facts, {
      ...given,
      rope_type: ['su', 'yarn'].includes(kind) ? 'longrope' : kind,
    })
    const common = commonParts(config)
    const { hiddenSize: d, intermediateSize: inner } = common
    return llamaModel({
      family: 'phi3',
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
          window: config.sliding_window ?? null,
        })
        return {
          ...layer,
          attention: {
            ...layer.attention,
            projection: {
              kind: 'fused',
              linear: linear(`${layerPrefix}.self_attn.qkv_proj`, d, (heads + 2 * keyValueHeads) * headSize),
              order: 'blocks',
            },
          },
          feedForward: {
            kind: 'fused-gated',
            gateUp: linear(`${layerPrefix}.mlp.gate_up_proj`, d, 2 * inner),
            down: linear(`${layerPrefix}.mlp.down_proj`, inner, d),
            activation: 'silu',
          },
        }
      }),
      finalNorm: rmsNorm(`${prefix}norm`, d, config.rms_norm_eps),
      tiedHead: config.tie_word_embeddings,
    })
  },
)
