import { z } from 'zod'
import { activation, commonFields, contextLength, defineFamily, epsilon, size, window } from './config.ts'
import { llamaLike, llamaLayer, llamaModel } from './llama-like.ts'
import { layerNorm, linear } from './parts.ts'
import { rotaryFields } from './rotary.ts'

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
    const { norm_epsilon: epsilon, use_bias: hasBias } = config
    const { model, layers } = llamaLike(
      'starcoder2',
      { ...config, rms_norm_eps: epsilon, attention_bias: hasBias },
      facts,
    )
    const norm = (name: string) => layerNorm(name, config.hidden_size, epsilon)
    const window = config.sliding_window ?? null
    return llamaModel({
      ...model,
      layers: layers.map((settings) => {
        const { prefix, hiddenSize: d, intermediateSize: inner } = settings
        return {
          ...llamaLayer({ ...settings, window }),
          feedForward: {
            kind: 'plain',
            up: linear(`${prefix}.mlp.c_fc`, d, inner, hasBias),
            down: linear(`${prefix}.mlp.c_proj`, inner, d, hasBias),
            activation: config.hidden_act,
          },
          norms: {
            attentionInput: norm(`${prefix}.input_layernorm`),
            attentionOutput: null,
            feedForwardInput: norm(`${prefix}.post_attention_layernorm`),
            feedForwardOutput: null,
          },
        }
      }),
      finalNorm: norm(`${model.prefix}norm`),
    })
  },
)
