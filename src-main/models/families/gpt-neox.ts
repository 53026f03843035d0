import { z } from 'zod'
import {
  activation,
  attentionShape,
  commonFields,
  commonParts,
  contextLength,
  defineFamily,
  epsilon,
} from './config.ts'
import { layerNorm, linear, repeat } from './parts.ts'
import { describeRotary, rotaryFields } from './rotary.ts'

/**
 * GPT-NeoX and Pythia (Black et al. 2022): attention and feed-forward read the same state; a quarter of each
 * head is rotated; query, key and value of a head are stored together.
 */
export const gptNeoX = defineFamily(
  {
    ...commonFields,
    ...rotaryFields,
    rotary_pct: z.number().positive().max(1).optional(),
    rotary_emb_base: z.number().positive().max(1e12).optional(),
    layer_norm_eps: epsilon.default(1e-5),
    max_position_embeddings: contextLength.default(2_048),
    tie_word_embeddings: z.boolean().default(false),
    hidden_act: activation.default('gelu'),
    use_parallel_residual: z.boolean().default(true),
    attention_bias: z.boolean().default(true),
  },
  (config, facts) => {
    const attention = attentionShape(config, facts)
    const { heads, headSize } = attention
    const rotary = describeRotary(
      config,
      headSize,
      { theta: config.rotary_emb_base ?? 10_000, share: config.rotary_pct ?? 0.25 },
      facts,
    )
    const prefix = facts.hasTensor('embed_in.weight') ? '' : 'gpt_neox.'
    // Transformers 5 writes it under the name that all other models use.
    const headName = facts.hasTensor('lm_head.weight') ? 'lm_head.weight' : 'embed_out.weight'
    const common = commonParts(config)
    const { hiddenSize: d, intermediateSize: inner, vocabularySize } = common
    const norm = (name: string) => layerNorm(name, d, config.layer_norm_eps)
    const embedding = { name: `${prefix}embed_in.weight`, shape: [vocabularySize, d] }
    return {
      ...common,
      family: 'gpt_neox',
      contextLength: config.max_position_embeddings,
      embedding: { weight: embedding, scale: 1, positions: null },
      attention,
      layers: repeat(config.num_hidden_layers, (index) => {
        const layer = `${prefix}layers.${index}`
        return {
          attention: {
            projection: {
              kind: 'fused',
              linear: linear(
                `${layer}.attention.query_key_value`,
                d,
                3 * heads * headSize,
                config.attention_bias,
              ),
              order: 'heads',
            },
            output: linear(`${layer}.attention.dense`, heads * headSize, d, config.attention_bias),
            queryNorm: null,
            keyNorm: null,
            rotary,
            window: null,
          },
          feedForward: {
            kind: 'plain',
            up: linear(`${layer}.mlp.dense_h_to_4h`, d, inner, true),
            down: linear(`${layer}.mlp.dense_4h_to_h`, inner, d, true),
            activation: config.hidden_act,
          },
          norms: {
            attentionInput: norm(`${layer}.input_layernorm`),
            attentionOutput: null,
            feedForwardInput: norm(`${layer}.post_attention_layernorm`),
            feedForwardOutput: null,
          },
          parallel: config.use_parallel_residual,
          residualScale: 1,
        }
      }),
      finalNorm: norm(`${prefix}final_layer_norm`),
      head: {
        weight: config.tie_word_embeddings ? embedding : { name: headName, shape: [vocabularySize, d] },
        scale: 1,
        cap: null,
      },
      tiedHead: config.tie_word_embeddings,
    }
  },
)
