/**
 * A decoder-only language model as a plain description: what differs between architectures, and where
 * each weight lies. `decoder.ts` turns it into a graph; a file for each family makes it from config.json.
 */
export interface Architecture {
  readonly family: string
  readonly layers: number
  /** d, the width of the residual stream. */
  readonly hiddenSize: number
  /** V, the rows of the embedding and of the LM head. */
  readonly vocabularySize: number
  readonly intermediateSize: number
  readonly attention: {
    readonly heads: number
    /** Heads of keys and values; each serves heads / keyValueHeads query heads (grouped-query attention). */
    readonly keyValueHeads: number
    readonly headSize: number
  }
  readonly normEpsilon: number
  /** Radians per position for each pair of dimensions, [headSize / 2] (rotary embedding, Su et al. 2021). */
  readonly rotaryFrequencies: Float32Array
  /** Tokens that the model was trained to attend to at once. */
  readonly contextLength: number
  /** Whether the LM head is the embedding. */
  readonly tiedHead: boolean
  readonly beginToken: number | null
  readonly endTokens: readonly number[]
}

/** The weights of a decoder layer and of the model by their Hugging Face names. Linear weights are [out, in]. */
export const weightNames = {
  embedding: 'model.embed_tokens.weight',
  finalNorm: 'model.norm.weight',
  head: 'lm_head.weight',
  layer: (index: number) => {
    const prefix = `model.layers.${index}`
    return {
      inputNorm: `${prefix}.input_layernorm.weight`,
      query: `${prefix}.self_attn.q_proj.weight`,
      key: `${prefix}.self_attn.k_proj.weight`,
      value: `${prefix}.self_attn.v_proj.weight`,
      output: `${prefix}.self_attn.o_proj.weight`,
      postAttentionNorm: `${prefix}.post_attention_layernorm.weight`,
      gate: `${prefix}.mlp.gate_proj.weight`,
      up: `${prefix}.mlp.up_proj.weight`,
      down: `${prefix}.mlp.down_proj.weight`,
    }
  },
} as const

/** Every weight of a model with its shape, in the order of the forward pass. */
export function weightShapes(architecture: Architecture): Map<string, readonly number[]> {
  const { hiddenSize: d, vocabularySize, intermediateSize, layers, tiedHead } = architecture
  const { heads, keyValueHeads, headSize } = architecture.attention
  const shapes = new Map<string, readonly number[]>([[weightNames.embedding, [vocabularySize, d]]])
  for (let index = 0; index < layers; index++) {
    const names = weightNames.layer(index)
    shapes.set(names.inputNorm, [d])
    shapes.set(names.query, [heads * headSize, d])
    shapes.set(names.key, [keyValueHeads * headSize, d])
    shapes.set(names.value, [keyValueHeads * headSize, d])
    shapes.set(names.output, [d, heads * headSize])
    shapes.set(names.postAttentionNorm, [d])
    shapes.set(names.gate, [intermediateSize, d])
    shapes.set(names.up, [intermediateSize, d])
    shapes.set(names.down, [d, intermediateSize])
  }
  shapes.set(weightNames.finalNorm, [d])
  if (!tiedHead) shapes.set(weightNames.head, [vocabularySize, d])
  return shapes
}

/** Elements of all weights together; a tied head counts once. */
export function parameterCount(architecture: Architecture): number {
  let count = 0
  for (const shape of weightShapes(architecture).values()) count += shape.reduce((a, b) => a * b, 1)
  return count
}

/**
 * The LM head's share of the weights that are read for each generated token, 0 to 1: the most that a SpeLLM can
 * save. An embedding that isn't the head too is read one row a token.
 */
export function lmHeadShare(architecture: Architecture): number {
  const head = architecture.vocabularySize * architecture.hiddenSize
  const parameters = parameterCount(architecture)
  return head / (architecture.tiedHead ? parameters : parameters - head)
}
