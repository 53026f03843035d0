import { z } from 'zod'
import type { Linear } from '../architecture.ts'
import {
  activation,
  attentionShape,
  commonFields,
  commonParts,
  contextLength,
  defineFamily,
  epsilon,
  size,
} from './config.ts'
import { layerNorm, repeat } from './parts.ts'

/** GPT-2 (Radford et al. 2019): learned positions, LayerNorm, weights that are stored as [in, out]. */
export const gpt2 = defineFamily(
  {
    vocab_size: commonFields.vocab_size,
    bos_token_id: commonFields.bos_token_id,
    eos_token_id: commonFields.eos_token_id,
    n_embd: commonFields.hidden_size,
    n_layer: commonFields.num_hidden_layers,
    n_head: commonFields.num_attention_heads,
    n_inner: size(1_048_576).optional(),
    n_positions: contextLength.default(1_024),
    layer_norm_epsilon: epsilon.default(1e-5),
    activation_function: activation.default('gelu-tanh'),
    scale_attn_weights: z.boolean().default(true),
    scale_attn_by_inverse_layer_idx: z.literal(false).default(false),
    // Changes the order of rounding, not the function.
    reorder_and_upcast_attn: z.boolean().optional(),
    tie_word_embeddings: z.boolean().default(true),
  },
  (config, facts) => {
    const d = config.n_embd
    const inner = config.n_inner ?? 4 * d
    const common = commonParts({ ...config, hidden_size: d, intermediate_size: inner })
    const shape = attentionShape({ hidden_size: d, num_attention_heads: config.n_head }, facts)
    const attention = { ...shape, scoreScale: config.scale_attn_weights ? shape.scoreScale : 1 }
    const prefix = facts.hasTensor('wte.weight') ? '' : 'transformer.'
    const norm = (name: string) => layerNorm(name, d, config.layer_norm_epsilon)
    const embedding = { name: `${prefix}wte.weight`, shape: [config.vocab_size, d] }
    return {
      ...common,
      family: 'gpt2',
      contextLength: config.n_positions,
      embedding: {
        weight: embedding,
        scale: 1,
        positions: { name: `${prefix}wpe.weight`, shape: [config.n_positions, d] },
      },
      attention,
      layers: repeat(config.n_layer, (index) => {
        const layer = `${prefix}h.${index}`
        return {
          attention: {
            projection: { kind: 'fused', linear: conv1d(`${layer}.attn.c_attn`, d, 3 * d), order: 'blocks' },
            output: conv1d(`${layer}.attn.c_proj`, d, d),
            queryNorm: null,
            keyNorm: null,
            rotary: null,
            window: null,
          },
          feedForward: {
            kind: 'plain',
            up: conv1d(`${layer}.mlp.c_fc`, d, inner),
            down: conv1d(`${layer}.mlp.c_proj`, inner, d),
            activation: config.activation_function,
          },
          norms: {
            attentionInput: norm(`${layer}.ln_1`),
            attentionOutput: null,
            feedForwardInput: norm(`${layer}.ln_2`),
            feedForwardOutput: null,
          },
          parallel: false,
          residualScale: 1,
        }
      }),
      finalNorm: norm(`${prefix}ln_f`),
      head: {
        weight: config.tie_word_embeddings
          ? embedding
          : { name: 'lm_head.weight', shape: [config.vocab_size, d] },
        scale: 1,
        cap: null,
      },
      tiedHead: config.tie_word_embeddings,
    }
  },
)

/** GPT-2's linear layer, [in, out]. */
function conv1d(name: string, inputs: number, outputs: number): Linear {
  return {
    weight: { name: `${name}.weight`, shape: [inputs, outputs] },
    transposed: true,
    bias: { name: `${name}.bias`, shape: [outputs] },
  }
}
