/**
 * A decoder-only language model as a plain description: what differs between architectures, and where each
 * weight lies. `decoder.ts` turns it into a graph; a file for each family in families/ makes it from config.json.
 */
export interface Architecture {
  /** `model_type` in config.json. */
  readonly family: string
  /** d, the width of the residual stream. */
  readonly hiddenSize: number
  /** V, the rows of the embedding and of the LM head. */
  readonly vocabularySize: number
  /** Inner width of the feed-forward blocks. */
  readonly intermediateSize: number
  /** Tokens that the model was trained to attend to at once. */
  readonly contextLength: number
  readonly embedding: Embedding
  readonly attention: AttentionShape
  readonly layers: readonly Layer[]
  readonly finalNorm: Norm
  readonly head: Head
  /** Whether the LM head is the embedding. */
  readonly tiedHead: boolean
  /** `bos_token_id`. Whether texts begin with it is the tokenizer's choice (`Tokenizer.frame`). */
  readonly beginToken: number | null
  /** `eos_token_id`; the first one ends a document. Generation ends at `BaseModel.stopTokens`. */
  readonly endTokens: readonly number[]
  /** Only for a GGUF whose blocks can be computed with as they are. */
  readonly keptBytes?: KeptBytes
}

/** Bytes of memory that a weight takes on average where blocks of the file are kept and everything else is in float32. */
export interface KeptBytes {
  /** Bytes of a weight of the layers. */
  readonly layers: number
  readonly head: number
}

/** A tensor of the checkpoint. */
export interface Weight {
  readonly name: string
  readonly shape: readonly number[]
}

interface Embedding {
  /** [V, d]. */
  readonly weight: Weight
  /** What its rows are multiplied by. */
  readonly scale: number
  /** Learned positions [contextLength, d] that are added (GPT-2); null: none. */
  readonly positions: Weight | null
}

/** What all attention layers have in common. */
export interface AttentionShape {
  readonly heads: number
  /** Heads of keys and values; each serves heads / keyValueHeads query heads (grouped-query attention). */
  readonly keyValueHeads: number
  readonly headSize: number
  /** What query · key is multiplied by; usually 1 / √headSize. */
  readonly scoreScale: number
  /** c: scores become c · tanh(score / c) (Gemma 2); null: they stay. */
  readonly scoreCap: number | null
}

export interface Layer {
  readonly attention: {
    readonly projection: AttentionProjection
    readonly output: Linear
    /** Normalise queries and keys before they are rotated; null: not. */
    readonly queryNorm: Norm | null
    readonly keyNorm: Norm | null
    /** null: the layer knows no positions (NoPE). */
    readonly rotary: Rotary | null
    /** Number of tokens that a token attends to, itself included; null: all. */
    readonly window: number | null
  }
  readonly feedForward: FeedForward
  /** Around attention and feed-forward; null: none there. */
  readonly norms: {
    readonly attentionInput: Norm | null
    readonly attentionOutput: Norm | null
    readonly feedForwardInput: Norm | null
    readonly feedForwardOutput: Norm | null
  }
  /** Whether the feed-forward block reads what the attention read, not its result (GPT-NeoX). */
  readonly parallel: boolean
  /** What both blocks' outputs are multiplied by before they are added to the residual stream. */
  readonly residualScale: number
}

/** Where queries, keys and values come from. */
export type AttentionProjection =
  | { readonly kind: 'separate'; readonly query: Linear; readonly key: Linear; readonly value: Linear }
  | {
      readonly kind: 'fused'
      readonly linear: Linear
      /** 'blocks': all queries, all keys, all values. 'heads': query, key and value of each head in turn. */
      readonly order: 'blocks' | 'heads'
    }

export interface Linear {
  /** [out, in] as in PyTorch's Linear, or [in, out] if `transposed` (GPT-2's Conv1D). */
  readonly weight: Weight
  readonly transposed: boolean
  /** [out]; null: none. */
  readonly bias: Weight | null
}

export interface Norm {
  /** 'rms': RMSNorm (Zhang & Sennrich 2019). 'layer': LayerNorm (Ba et al. 2016). */
  readonly kind: 'rms' | 'layer'
  readonly weight: Weight
  readonly bias: Weight | null
  readonly epsilon: number
  /** Whether the gain is 1 + weight (Gemma), not weight. */
  readonly plusOne: boolean
}

export type Activation = 'silu' | 'gelu' | 'gelu-tanh' | 'relu'

export type FeedForward =
  /** down(activation(gate(x)) ⊙ up(x)). */
  | {
      readonly kind: 'gated'
      readonly gate: Linear
      readonly up: Linear
      readonly down: Linear
      readonly activation: Activation
    }
  /** The same with gate and up in one weight, gate first. */
  | {
      readonly kind: 'fused-gated'
      readonly gateUp: Linear
      readonly down: Linear
      readonly activation: Activation
    }
  /** down(activation(up(x))). */
  | { readonly kind: 'plain'; readonly up: Linear; readonly down: Linear; readonly activation: Activation }

/**
 * Rotary embedding (Su et al. 2021) in the half-split convention: of the first 2 · frequencies.length
 * dimensions of a head, i is paired with i + frequencies.length; the others stay as they are.
 */
export interface Rotary {
  /** Radians per position for each pair of dimensions. */
  readonly frequencies: Float32Array
  /** What cosines and sines are multiplied by (YaRN, LongRoPE). */
  readonly magnitude: number
  /** How the frequencies change once the text is longer than `length` tokens; null: they don't. */
  readonly beyond:
    | null
    | { readonly kind: 'switch'; readonly length: number; readonly frequencies: Float32Array }
    /** Dynamic NTK: θ grows with the text (transformers, `dynamic`). */
    | { readonly kind: 'dynamic'; readonly length: number; readonly factor: number; readonly theta: number }
}

export interface Head {
  /** [V, d]; the embedding's, if tied. */
  readonly weight: Weight
  /** What logits are multiplied by. */
  readonly scale: number
  /** c: logits become c · tanh(logit / c) (Gemma 2); null: they stay. */
  readonly cap: number | null
}

const linearParts = ({ weight, bias }: Linear): (Weight | null)[] => [weight, bias]
const normWeights = (norm: Norm | null): (Weight | null)[] => (norm ? [norm.weight, norm.bias] : [])

function projectionLinears(projection: AttentionProjection): Linear[] {
  return projection.kind === 'fused'
    ? [projection.linear]
    : [projection.query, projection.key, projection.value]
}

function feedForwardLinears(block: FeedForward): Linear[] {
  switch (block.kind) {
    case 'gated':
      return [block.gate, block.up, block.down]
    case 'fused-gated':
      return [block.gateUp, block.down]
    case 'plain':
      return [block.up, block.down]
  }
}

function layerWeights({ attention, feedForward, norms }: Layer): (Weight | null)[] {
  return [
    ...normWeights(norms.attentionInput),
    ...projectionLinears(attention.projection).flatMap(linearParts),
    ...normWeights(attention.queryNorm),
    ...normWeights(attention.keyNorm),
    ...linearParts(attention.output),
    ...normWeights(norms.attentionOutput),
    ...normWeights(norms.feedForwardInput),
    ...feedForwardLinears(feedForward).flatMap(linearParts),
    ...normWeights(norms.feedForwardOutput),
  ]
}

/** Every weight of a model, each once, in the order of the forward pass. */
export function weightShapes({
  embedding,
  layers,
  finalNorm,
  head,
}: Architecture): Map<string, readonly number[]> {
  const weights = [
    embedding.weight,
    embedding.positions,
    ...layers.flatMap(layerWeights),
    ...normWeights(finalNorm),
    head.weight,
  ]
  return new Map(weights.filter((weight) => weight !== null).map(({ name, shape }) => [name, shape]))
}

/** A matrix of a linear layer and its layout. */
export type LinearWeight = Pick<Linear, 'weight' | 'transposed'>

/**
 * The matrices of all linear layers and of the LM head, each once, in the order of the forward pass. Those that
 * read the same numbers are in one list.
 */
export function linearWeightGroups({ layers, head }: Architecture): LinearWeight[][] {
  return [
    ...layers.flatMap(({ attention, feedForward }) => {
      const inner = feedForwardLinears(feedForward)
      return [
        projectionLinears(attention.projection),
        [attention.output],
        inner.slice(0, -1),
        inner.slice(-1),
      ]
    }),
    [{ weight: head.weight, transposed: false }],
  ]
}

/** The lists of `linearWeightGroups` as one. */
export function linearWeights(architecture: Architecture): LinearWeight[] {
  return linearWeightGroups(architecture).flat()
}

/** Elements of all weights together; a tied head counts once. */
export function parameterCount(architecture: Architecture): number {
  let count = 0
  for (const shape of weightShapes(architecture).values()) count += shape.reduce((a, b) => a * b, 1)
  return count
}

/**
 * The LM head's share of the weights that are read for each generated token, 0 to 1: the most that a SpeLLM can
 * save. An embedding that isn't the head too is read one row a token, and so are learned positions.
 */
export function lmHeadShare(architecture: Architecture): number {
  const { vocabularySize, hiddenSize, contextLength, embedding, tiedHead } = architecture
  const head = vocabularySize * hiddenSize
  const positions = embedding.positions === null ? 0 : contextLength * hiddenSize
  const read = parameterCount(architecture) - positions
  return head / (tiedHead ? read : read - head)
}
