import { z } from 'zod'
import { contextLength, defineFamily, epsilon, window } from './config.ts'
import { llamaFields, llamaLike, llamaLayer, llamaModel } from './llama-like.ts'
import { linear } from './parts.ts'

/**
 * Phi-3 and Phi-4-mini (Abdin et al. 2024): queries, keys and values in one weight, gate and up in another.
 * Its first configs call LongRoPE 'su' or 'yarn'.
 */
export const phi3 = defineFamily(
  {
    ...llamaFields,
    rms_norm_eps: epsilon.default(1e-5),
    max_position_embeddings: contextLength.default(4_096),
    original_max_position_embeddings: contextLength.default(4_096),
    sliding_window: window,
    attention_bias: z.literal(false).default(false),
    mlp_bias: z.literal(false).default(false),
    lm_head_bias: z.literal(false).default(false),
    // Phi-4-mini's own names for what the other fields say.
    full_attn_mod: z.literal(1).optional(),
    interpolate_factor: z.literal(1).optional(),
  },
  (config, facts) => {
    const given = config.rope_parameters ?? config.rope_scaling ?? {}
    const kind = given.rope_type ?? given.type ?? 'default'
    const { model, layers } = llamaLike('phi3', config, facts, {
      rotary: { ...given, rope_type: ['su', 'yarn'].includes(kind) ? 'longrope' : kind },
    })
    const { heads, keyValueHeads, headSize } = model.attention
    const window = config.sliding_window ?? null
    return llamaModel({
      ...model,
      layers: layers.map((settings) => {
        const { prefix, hiddenSize: d, intermediateSize: inner, activation } = settings
        const layer = llamaLayer({ ...settings, window })
        return {
          ...layer,
          attention: {
            ...layer.attention,
            projection: {
              kind: 'fused',
              linear: linear(`${prefix}.self_attn.qkv_proj`, d, (heads + 2 * keyValueHeads) * headSize),
              order: 'blocks',
            },
          },
          feedForward: {
            kind: 'fused-gated',
            gateUp: linear(`${prefix}.mlp.gate_up_proj`, d, 2 * inner),
            down: linear(`${prefix}.mlp.down_proj`, inner, d),
            activation,
          },
        }
      }),
    })
  },
)
