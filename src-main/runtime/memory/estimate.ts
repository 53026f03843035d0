/**
 * Memory that computations take, estimated from sizes alone; all results are bytes. The numbers were checked on the CPU,
 * where weights of every float type are computed with as float32, unless they are quantised; on other devices most of
 * it is theirs.
 */

const floatBytes = 4

/** What decides how much memory a decoder takes; counts of elements. */
export interface DecoderSize {
  /** Weights that are multiplied with, without those of the LM head. Embeddings are read in place on disk. */
  readonly blockWeights: number
  /** Bytes that a weight of a layer's matrix takes, of a quantised one with its share of the scale. */
  readonly weightBytes: number
  /** The same of the LM head. */
  readonly headWeightBytes: number
  /** Bytes of a number among keys and values. */
  readonly keyValueNumberBytes: number
  /** What making quantised weights takes before, and what is not given back at once; 0 for weights as stored. */
  readonly quantizingBytes: number
  readonly layers: number
  /** d. */
  readonly hiddenSize: number
  readonly intermediateSize: number
  /** V. */
  readonly vocabularySize: number
  readonly heads: number
  readonly keyValueHeads: number
  readonly headSize: number
}

/**
 * Node.js with our code and onnxruntime, before any model is loaded, and garbage that V8 keeps: it looks for
 * unused buffers outside of its heap every 64 MiB.
 */
const programBytes = 155 * 2 ** 20 + 64 * 2 ** 20
/** A tokenizer's share for each token: 1.2 kB of 49,152 tokens, 0.8 kB of 128,256. */
const tokenBytes = 900

/** What a model takes besides its computations: the program, the tokenizer, the quantising of its weights. */
export function processBytes({ vocabularySize, quantizingBytes }: DecoderSize): number {
  return programBytes + tokenBytes * vocabularySize + quantizingBytes
}

/** The decoder's weights in memory. */
export function blockBytes({ blockWeights, weightBytes }: DecoderSize): number {
  return weightBytes * blockWeights
}

/** The LM head's weights in memory. */
export function headBytes({ vocabularySize, hiddenSize, headWeightBytes }: DecoderSize): number {
  return headWeightBytes * vocabularySize * hiddenSize
}

/** Keys and values of `tokens` tokens for each of `batch` sequences. */
export function keyValueBytes(
  {
    layers,
    keyValueHeads,
    headSize,
    keyValueNumberBytes,
  }: Pick<DecoderSize, 'layers' | 'keyValueHeads' | 'headSize' | 'keyValueNumberBytes'>,
  { batch, tokens }: { readonly batch: number; readonly tokens: number },
): number {
  return keyValueNumberBytes * 2 * layers * batch * keyValueHeads * headSize * tokens
}

/** A pass over some sequences at once. */
interface Pass {
  readonly batch: number
  /** New tokens of each sequence. */
  readonly tokens: number
  /** Tokens that each of them attends to, the new ones included. */
  readonly context: number
}

/**
 * Tensors that live at the same time in the widest place of a layer: residual stream, norms, queries, keys and
 * values; scores and their softmax; gate, up and their product. onnxruntime's arena keeps them apart.
 */
function activationBytes(
  { hiddenSize, intermediateSize, heads }: DecoderSize,
  { batch, tokens, context }: Pass,
): number {
  return floatBytes * batch * tokens * (8 * hiddenSize + 3 * intermediateSize + 2 * heads * context)
}

/** The LM head's scores for `rows` positions. */
function logitsBytes({ vocabularySize }: DecoderSize, rows: number): number {
  return floatBytes * rows * vocabularySize
}

/** A teacher that reads `windows` windows at once: decoder, head, activations and logits. */
export function teacherBytes(
  size: DecoderSize,
  { windows, tokens }: { readonly windows: number; readonly tokens: number },
): number {
  const pass = { batch: windows, tokens, context: tokens }
  return loadedBytes(size, 'packed') + activationBytes(size, pass) + logitsBytes(size, windows * tokens)
}

/** Whether the LM head is in memory, and whether it is repacked at load; quantised ones always are. */
export type HeadInMemory = 'none' | 'loaded' | 'packed'

/**
 * A model that writes: decoder, head, keys and values, and the reading of the prompt in one pass.
 *
 * @param context tokens that the cache has room for
 */
export function generationBytes(
  size: DecoderSize,
  {
    batch,
    prompt,
    context,
    head,
  }: {
    readonly batch: number
    readonly prompt: number
    readonly context: number
    readonly head: HeadInMemory
  },
): number {
  return (
    loadedBytes(size, head) +
    keyValueBytes(size, { batch, tokens: context }) +
    activationBytes(size, { batch, tokens: prompt, context }) +
    // Once in onnxruntime and once in JavaScript.
    (head === 'none' ? 0 : 2 * logitsBytes(size, batch))
  )
}

/**
 * A matrix is there twice while onnxruntime arranges it for its products, and in its 16 bits next to the float32 where it
 * is only widened; the head is the largest.
 */
function loadedBytes(size: DecoderSize, head: HeadInMemory): number {
  const { hiddenSize, intermediateSize, weightBytes } = size
  if (head === 'none') return blockBytes(size) + weightBytes * hiddenSize * intermediateSize
  return blockBytes(size) + headLoadBytes(size, head)
}

/** What the LM head takes while it is loaded. */
export function headLoadBytes(size: DecoderSize, head: Exclude<HeadInMemory, 'none'>): number {
  const isPacked = head === 'packed' || size.headWeightBytes < floatBytes
  return (isPacked ? 2 : 1.5) * headBytes(size)
}

/** What decides how much memory the training of a tail takes. */
export interface TailTraining {
  /** Elements of all parameters. */
  readonly parameters: number
  /** d. */
  readonly hiddenSize: number
  /** Inner width of each block of the adapter. */
  readonly adapterWidths: readonly number[]
  /** k. */
  readonly k: number
  /** A. */
  readonly alphabetSize: number
  readonly batchTokens: number
  /** Tokens that the teacher's distribution is compared on; 0: only its choices are learnt. */
  readonly candidates: number
  /** Positions of the teacher cache that are in memory at a time. */
  readonly loadedPositions: number
}

/**
 * A tail in training: optimiser state (parameters, two moments, gradients of ours and of onnxruntime), the
 * activations of a batch, forwards and backwards, and positions of the teacher cache.
 */
export function tailTrainingBytes({
  parameters,
  hiddenSize: d,
  adapterWidths,
  k,
  alphabetSize,
  batchTokens,
  candidates,
  loadedPositions,
}: TailTraining): number {
  // Scores and probabilities of tail and teacher, and the derivatives.
  const distributions = 5 * candidates + (candidates > 0 ? 3 * k * alphabetSize : 0)
  const activations =
    3 * k * alphabetSize +
    adapterWidths.reduce((sum, width) => sum + 6 * width + 8 * d, 0) +
    4 * d +
    distributions
  // Of each candidate the row of the LM head and its spelling, read and made again at each step.
  const candidateInputs = candidates * (d + k * alphabetSize)
  // float16 hidden states; the choices; symbols and weights of each head.
  const position = 2 * d + 4 + 8 * k
  return (
    floatBytes * (5 * parameters + batchTokens * activations + candidateInputs) + loadedPositions * position
  )
}
