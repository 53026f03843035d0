import type { GgufFile } from '../../formats/gguf.ts'
import { fusedInBlocks, gainsAsStored, untransposed, type Adaptation } from './adaptations.ts'
import type { Hyperparameters } from './hyperparameters.ts'
import { longRope, partialRotary, rotaryScaling, wholeRotary } from './rotary.ts'
import {
  gpt2Names,
  gptNeoXNames,
  llamaNames,
  phi3Names,
  sandwichNames,
  starcoder2Names,
  type TensorNames,
} from './tensor-names.ts'

/** How llama.cpp's converter writes a family: what it makes of config.json, of names and of weights. */
export interface Layout {
  readonly names: TensorNames
  /** Whether the rows of queries and keys are in the order of interleaved rotary embeddings. */
  readonly isPermuted?: boolean
  /** The fields of config.json beyond those that all have. */
  readonly config: (parameters: Hyperparameters) => Readonly<Record<string, unknown>>
  readonly adaptations?: readonly Adaptation[]
}

const has = ({ tensors }: GgufFile, name: string) => tensors.has(name)

/** What families in Llama's form have in common. */
function llamaLike(parameters: Hyperparameters) {
  const hiddenSize = parameters.count('embedding_length')
  const heads = parameters.count('attention.head_count')
  return {
    hidden_size: hiddenSize,
    num_hidden_layers: parameters.count('block_count'),
    num_attention_heads: heads,
    num_key_value_heads: parameters.optionalCount('attention.head_count_kv') ?? heads,
    intermediate_size: parameters.count('feed_forward_length'),
    max_position_embeddings: parameters.count('context_length'),
    rope_theta: parameters.optionalNumber('rope.freq_base') ?? 10_000,
    tie_word_embeddings: !has(parameters.file, 'output.weight'),
  }
}

const rmsEpsilon = (parameters: Hyperparameters) => ({
  rms_norm_eps: parameters.number('attention.layer_norm_rms_epsilon'),
})
const layerEpsilon = (parameters: Hyperparameters) => parameters.number('attention.layer_norm_epsilon')

/** Llama's form with RMSNorm, plain rotary embedding and heads of one size. */
function plainLlama(parameters: Hyperparameters) {
  const form = llamaLike(parameters)
  const headSize = wholeRotary(parameters, form.hidden_size / form.num_attention_heads)
  return {
    ...form,
    ...rmsEpsilon(parameters),
    ...rotaryScaling(parameters),
    head_dim: headSize,
  }
}

/** The same for families whose configs don't name the heads' size. */
function plainLlamaWithoutHeadSize(parameters: Hyperparameters) {
  const { head_dim: _, ...config } = plainLlama(parameters)
  return config
}

function gemmaScores(parameters: Hyperparameters, config: ReturnType<typeof plainLlama>, largest: number) {
  // llama.cpp tells the largest model of the family, which scales by another number, by its layers.
  const isLargest = config.num_hidden_layers === largest
  const scalar = isLargest ? config.hidden_size / config.num_attention_heads : config.head_dim
  return {
    query_pre_attn_scalar: scalar,
    sliding_window: parameters.optionalCount('attention.sliding_window') ?? 4_096,
  }
}

const biases = ({ file }: Hyperparameters) => ({
  attention_bias: has(file, 'blk.0.attn_q.bias'),
  mlp_bias: has(file, 'blk.0.ffn_up.bias'),
})

/** By `general.architecture`; the model_type in config.json is the same unless `modelTypes` has another. */
export const layouts: ReadonlyMap<string, Layout> = new Map<string, Layout>([
  [
    'llama',
    {
      names: llamaNames,
      isPermuted: true,
      config: (parameters) => ({ ...plainLlama(parameters), ...biases(parameters) }),
    },
  ],
  ['qwen2', { names: llamaNames, config: plainLlamaWithoutHeadSize }],
  ['qwen3', { names: llamaNames, config: plainLlama }],
  ['gemma', { names: llamaNames, config: plainLlama, adaptations: [gainsAsStored] }],
  [
    'gemma2',
    {
      names: sandwichNames,
      config: (parameters) => {
        const config = plainLlama(parameters)
        return {
          ...config,
          ...gemmaScores(parameters, config, 46),
          attn_logit_softcapping: parameters.optionalNumber('attn_logit_softcapping') ?? 50,
          final_logit_softcapping: parameters.optionalNumber('final_logit_softcapping') ?? 30,
        }
      },
      adaptations: [gainsAsStored],
    },
  ],
  [
    'gemma3',
    {
      names: sandwichNames,
      config: (parameters) => {
        const config = plainLlama(parameters)
        return {
          ...config,
          rope_theta: parameters.optionalNumber('rope.freq_base') ?? 1_000_000,
          rope_local_base_freq: parameters.optionalNumber('rope.freq_base_swa') ?? 10_000,
          ...gemmaScores(parameters, config, 62),
          sliding_window_pattern: parameters.optionalCount('attention.sliding_window_pattern') ?? 6,
          final_logit_softcapping: parameters.optionalNumber('final_logit_softcapping'),
        }
      },
      adaptations: [gainsAsStored],
    },
  ],
  [
    'phi3',
    {
      names: phi3Names,
      config: (parameters) => {
        const form = llamaLike(parameters)
        const window = parameters.optionalCount('attention.sliding_window') ?? 0
        return {
          ...form,
          ...rmsEpsilon(parameters),
          ...partialRotary(parameters, form.hidden_size / form.num_attention_heads),
          ...longRope(parameters),
          ...(window > 0 && { sliding_window: window }),
        }
      },
    },
  ],
  [
    'starcoder2',
    {
      names: starcoder2Names,
      config: (parameters) => {
        const form = llamaLike(parameters)
        wholeRotary(parameters, form.hidden_size / form.num_attention_heads)
        return { ...form, norm_epsilon: layerEpsilon(parameters), ...rotaryScaling(parameters) }
      },
    },
  ],
  [
    'gpt2',
    {
      names: gpt2Names,
      config: (parameters) => ({
        n_embd: parameters.count('embedding_length'),
        n_layer: parameters.count('block_count'),
        n_head: parameters.count('attention.head_count'),
        n_inner: parameters.count('feed_forward_length'),
        n_positions: parameters.count('context_length'),
        layer_norm_epsilon: layerEpsilon(parameters),
        tie_word_embeddings: !has(parameters.file, 'output.weight'),
      }),
      adaptations: [untransposed],
    },
  ],
  [
    'gptneox',
    {
      names: gptNeoXNames,
      config: (parameters) => {
        const { num_key_value_heads: _, ...form } = llamaLike(parameters)
        return {
          ...form,
          layer_norm_eps: layerEpsilon(parameters),
          use_parallel_residual: parameters.optionalFlag('use_parallel_residual') ?? true,
          attention_bias: has(parameters.file, 'blk.0.attn_qkv.bias'),
          rotary_pct: 1,
          ...partialRotary(parameters, form.hidden_size / form.num_attention_heads),
          ...rotaryScaling(parameters),
        }
      },
      adaptations: [fusedInBlocks],
    },
  ],
  ['olmo2', { names: sandwichNames, config: plainLlamaWithoutHeadSize }],
  [
    'granite',
    {
      names: llamaNames,
      isPermuted: true,
      config: (parameters) => ({
        ...plainLlamaWithoutHeadSize(parameters),
        ...biases(parameters),
        attention_multiplier: parameters.number('attention.scale'),
        embedding_multiplier: parameters.optionalNumber('embedding_scale') ?? 1,
        residual_multiplier: parameters.optionalNumber('residual_scale') ?? 1,
        logits_scaling: parameters.optionalNumber('logit_scale') ?? 1,
      }),
    },
  ],
  [
    'smollm3',
    {
      names: llamaNames,
      isPermuted: true,
      config: (parameters) => ({
        ...plainLlamaWithoutHeadSize(parameters),
        ...biases(parameters),
        // llama.cpp knows no other.
        no_rope_layer_interval: 4,
      }),
    },
  ],
])

/** The model_type in config.json, where it is not the architecture in a GGUF. */
export const modelTypes: ReadonlyMap<string, string> = new Map([
  ['gemma3', 'gemma3_text'],
  ['gptneox', 'gpt_neox'],
])
