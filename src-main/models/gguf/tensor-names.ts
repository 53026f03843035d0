/** What llama.cpp calls a tensor, without '.weight' or '.bias' and 'blk.N.', and what transformers does. */
type Names = Readonly<Record<string, string>>

/** The names of a family's tensors. */
export interface TensorNames {
  readonly model: Names
  /** Begins the names of layer N, with N in place of '*'. */
  readonly layer: string
  readonly inLayer: Names
}

const llamaModelNames: Names = {
  token_embd: 'model.embed_tokens',
  output_norm: 'model.norm',
  output: 'lm_head',
}

const llamaLayerNames: Names = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_q_norm: 'self_attn.q_norm',
  attn_k_norm: 'self_attn.k_norm',
  attn_output: 'self_attn.o_proj',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
}

const llamaLike = (changes: Names = {}): TensorNames => ({
  model: llamaModelNames,
  layer: 'model.layers.*.',
  inLayer: { ...llamaLayerNames, ...changes },
})

export const llamaNames = llamaLike()
/** Norms after the blocks, too (Gemma 2 and 3; OLMo 2 has only those). */
export const sandwichNames = llamaLike({
  post_attention_norm: 'post_attention_layernorm',
  ffn_norm: 'pre_feedforward_layernorm',
  post_ffw_norm: 'post_feedforward_layernorm',
})
export const phi3Names = llamaLike({ attn_qkv: 'self_attn.qkv_proj', ffn_up: 'mlp.gate_up_proj' })
export const starcoder2Names = llamaLike({ ffn_up: 'mlp.c_fc', ffn_down: 'mlp.c_proj' })

export const gpt2Names: TensorNames = {
  model: {
    token_embd: 'transformer.wte',
    position_embd: 'transformer.wpe',
    output_norm: 'transformer.ln_f',
    output: 'lm_head',
  },
  layer: 'transformer.h.*.',
  inLayer: {
    attn_norm: 'ln_1',
    attn_qkv: 'attn.c_attn',
    attn_output: 'attn.c_proj',
    ffn_norm: 'ln_2',
    ffn_up: 'mlp.c_fc',
    ffn_down: 'mlp.c_proj',
  },
}

export const gptNeoXNames: TensorNames = {
  model: {
    token_embd: 'gpt_neox.embed_in',
    output_norm: 'gpt_neox.final_layer_norm',
    output: 'lm_head',
  },
  layer: 'gpt_neox.layers.*.',
  inLayer: {
    attn_norm: 'input_layernorm',
    attn_qkv: 'attention.query_key_value',
    attn_output: 'attention.dense',
    ffn_norm: 'post_attention_layernorm',
    ffn_up: 'mlp.dense_h_to_4h',
    ffn_down: 'mlp.dense_4h_to_h',
  },
}

/** The name in transformers; null for one that llama.cpp has and transformers hasn't. */
export function transformersName({ model, layer, inLayer }: TensorNames, name: string): string | null {
  const [, number, base, suffix] = /^(?:blk\.(\d{1,4})\.)?([a-z_]+)\.(weight|bias)$/.exec(name) ?? []
  if (base === undefined || suffix === undefined) return null
  const names = number === undefined ? model : inLayer
  if (!Object.hasOwn(names, base)) return null
  // '01' would be a second name of layer 1.
  const prefix = number === undefined ? '' : layer.replace('*', String(Number(number)))
  return number !== undefined && String(Number(number)) !== number
    ? null
    : `${prefix}${names[base]!}.${suffix}`
}
