import { z } from 'zod'
import { defineFamily, epsilon } from './config.ts'
import { llamaFields, llamaLike, llamaLayer, llamaModel } from './llama-like.ts'
import { rmsNorm } from './parts.ts'

/** OLMo 2 (OLMo Team 2024): norms after the blocks, none before, and over all queries and all keys together. */
export const olmo2 = defineFamily(
  {
    ...llamaFields,
    rms_norm_eps: epsilon.default(1e-5),
    attention_bias: z.boolean().default(false),
  },
  (config, facts) => {
    const { model, layers } = llamaLike('olmo2', config, facts)
    const { heads, keyValueHeads, headSize } = model.attention
    return llamaModel({
      ...model,
      layers: layers.map((settings) => {
        const { prefix, hiddenSize, epsilon } = settings
        const norm = (name: string, width: number) => rmsNorm(`${prefix}.${name}`, width, epsilon)
        const layer = llamaLayer(settings)
        return {
          ...layer,
          attention: {
            ...layer.attention,
            queryNorm: norm('self_attn.q_norm', heads * headSize),
            keyNorm: norm('self_attn.k_norm', keyValueHeads * headSize),
          },
          norms: {
            attentionInput: null,
            attentionOutput: norm('post_attention_layernorm', hiddenSize),
            feedForwardInput: null,
            feedForwardOutput: norm('post_feedforward_layernorm', hiddenSize),
          },
        }
      }),
    })
  },
)
