import { CancelledError } from '../../base/errors.ts'
import { writeFileAtomically } from '../../base/atomic-file.ts'
import { float32ToFloat16 } from '../../formats/half.ts'
import type { Architecture } from '../../models/architecture.ts'
import type { Precision } from '../../models/precision.ts'
import { seededRandom } from '../../base/random.ts'

/** GGUF's numbers of the types that metadata values have (ggml/docs/gguf.md). */
const valueTypes = { uint32: 4, int32: 5, float32: 6, string: 8, array: 9 } as const

const q4 = { id: 2, blockWeights: 32, blockBytes: 18, fileType: 2 } as const

/** What llama.cpp computes in, in addition to our precisions: 32 weights share a float16 scale. */
const tensorTypes = {
  stored: { id: 0, blockWeights: 1, blockBytes: 4, fileType: 0 },
  int8: { id: 8, blockWeights: 32, blockBytes: 34, fileType: 7 },
  kept: q4,
  int4: q4,
} as const satisfies Record<Precision, object>

const alignment = 32
const scale = 0.02
/** Bytes of random blocks that are written again and again. */
const pieceBlocks = 1 << 15

interface Tensor {
  readonly name: string
  /** The innermost axis first. */
  readonly shape: readonly number[]
  readonly type: (typeof tensorTypes)[Precision]
}

/** Architectures of llama.cpp by our families: those that a file can be written for. */
export const ggufArchitectures: Readonly<Record<string, 'llama' | 'gemma3'>> = {
  llama: 'llama',
  gemma3_text: 'gemma3',
}

const specials = ['<unk>', '<s>', '</s>']
/** Special tokens and one for each byte, without which llama.cpp ends the process. */
export const leastVocabulary = specials.length + 256

export interface WriteOptions {
  /** Bytes done and in all. */
  readonly onProgress?: (done: number, total: number) => void
  readonly signal?: AbortSignal
}

/**
 * Writes a GGUF file (version 3) of a model with random weights and a vocabulary without meaning: all that llama.cpp's
 * speed depends on. All matrices are in the precision's class, F32, Q8_0 or Q4_0, the head too.
 *
 * @param architecture one of `ggufArchitectures`
 * @throws CancelledError when the signal fires; SpellmError as `writeFileAtomically`
 */
export async function writeRandomGguf(
  path: string,
  architecture: Architecture,
  precision: Precision,
  { onProgress, signal }: WriteOptions = {},
): Promise<void> {
  const form = ggufArchitectures[architecture.family]
  if (form === undefined) throw new RangeError(`no GGUF of the family ${architecture.family}`)
  const tensors = tensorsOf(architecture, form, precision)
  const metadata = metadataOf(architecture, form, precision)
  const infos: Buffer[] = []
  let offset = 0
  for (const tensor of tensors) {
    const { name, shape, type } = tensor
    infos.push(string(name), uint32(shape.length), ...shape.map(uint64), uint32(type.id), uint64(offset))
    offset += padded(byteLength(tensor))
  }
  const head = Buffer.concat([
    ...[Buffer.from('GGUF'), uint32(3), uint64(tensors.length), uint64(metadata.length)],
    ...metadata,
    ...infos,
  ])
  const piece = randomBlocks(precision)
  await writeFileAtomically(path, async (file) => {
    await file.writeFile(Buffer.concat([head, Buffer.alloc(padded(head.length) - head.length)]))
    let written = 0
    for (const tensor of tensors) {
      if (signal?.aborted) throw new CancelledError()
      const size = padded(byteLength(tensor))
      const repeated =
        tensor.shape.length === 1 ? new Uint8Array(new Float32Array(size / 4).fill(1).buffer) : piece
      for (let done = 0; done < size; done += repeated.length)
        await file.writeFile(repeated.subarray(0, size - done))
      onProgress?.((written += size), offset)
    }
  })
}

function tensorsOf(architecture: Architecture, form: 'llama' | 'gemma3', precision: Precision): Tensor[] {
  const { hiddenSize: d, intermediateSize, vocabularySize, layers, attention, tiedHead } = architecture
  const queries = attention.heads * attention.headSize
  const keys = attention.keyValueHeads * attention.headSize
  const norm = (name: string, width = d): Tensor => ({
    name: `${name}.weight`,
    shape: [width],
    type: tensorTypes.stored,
  })
  const matrix = (name: string, inputs: number, outputs: number): Tensor => ({
    name: `${name}.weight`,
    shape: [inputs, outputs],
    type: tensorTypes[precision],
  })
  return [
    matrix('token_embd', d, vocabularySize),
    norm('output_norm'),
    ...(tiedHead ? [] : [matrix('output', d, vocabularySize)]),
    ...layers.flatMap((_, layer) => {
      const block = (name: string) => `blk.${layer}.${name}`
      return [
        norm(block('attn_norm')),
        matrix(block('attn_q'), d, queries),
        matrix(block('attn_k'), d, keys),
        matrix(block('attn_v'), d, keys),
        matrix(block('attn_output'), queries, d),
        norm(block('ffn_norm')),
        matrix(block('ffn_gate'), d, intermediateSize),
        matrix(block('ffn_up'), d, intermediateSize),
        matrix(block('ffn_down'), intermediateSize, d),
        ...(form === 'gemma3'
          ? [
              norm(block('attn_q_norm'), attention.headSize),
              norm(block('attn_k_norm'), attention.headSize),
              norm(block('post_attention_norm')),
              norm(block('post_ffw_norm')),
            ]
          : []),
      ]
    }),
  ]
}

function metadataOf(
  { hiddenSize, intermediateSize, vocabularySize, contextLength, layers, attention }: Architecture,
  form: 'llama' | 'gemma3',
  precision: Precision,
): Buffer[] {
  const entry = (name: string, type: keyof typeof valueTypes, value: Buffer) =>
    Buffer.concat([string(name), uint32(valueTypes[type]), value])
  const count = (name: string, value: number) => entry(name, 'uint32', uint32(value))
  const list = (name: string, type: keyof typeof valueTypes, values: readonly Buffer[]) =>
    entry(name, 'array', Buffer.concat([uint32(valueTypes[type]), uint64(values.length), ...values]))
  const tokens = Array.from({ length: vocabularySize }, (_, token) => token)
  const byteName = (byte: number) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`
  const text = (token: number) =>
    specials[token] ?? (token < leastVocabulary ? byteName(token - specials.length) : `t${token}`)
  /** LLAMA_TOKEN_TYPE: unknown, control, byte, normal. */
  const kind = (token: number) =>
    token === 0 ? 2 : token < specials.length ? 3 : token < leastVocabulary ? 6 : 1
  const window = layers.find(({ attention }) => attention.window !== null)?.attention.window
  return [
    entry('general.architecture', 'string', string(form)),
    count('general.file_type', tensorTypes[precision].fileType),
    count(`${form}.block_count`, layers.length),
    count(`${form}.context_length`, contextLength),
    count(`${form}.embedding_length`, hiddenSize),
    count(`${form}.feed_forward_length`, intermediateSize),
    count(`${form}.attention.head_count`, attention.heads),
    count(`${form}.attention.head_count_kv`, attention.keyValueHeads),
    count(`${form}.rope.dimension_count`, attention.headSize),
    count(`${form}.attention.key_length`, attention.headSize),
    count(`${form}.attention.value_length`, attention.headSize),
    ...(window ? [count(`${form}.attention.sliding_window`, window)] : []),
    entry(`${form}.attention.layer_norm_rms_epsilon`, 'float32', float32(1e-5)),
    entry(`${form}.rope.freq_base`, 'float32', float32(500_000)),
    count(`${form}.vocab_size`, vocabularySize),
    entry('tokenizer.ggml.model', 'string', string('llama')),
    list(
      'tokenizer.ggml.tokens',
      'string',
      tokens.map((token) => string(text(token))),
    ),
    list(
      'tokenizer.ggml.scores',
      'float32',
      tokens.map((token) => float32(-token)),
    ),
    list(
      'tokenizer.ggml.token_type',
      'int32',
      tokens.map((token) => uint32(kind(token))),
    ),
    count('tokenizer.ggml.unknown_token_id', 0),
    count('tokenizer.ggml.bos_token_id', 1),
    count('tokenizer.ggml.eos_token_id', 2),
  ]
}

/** Blocks of random weights, about as large as a real model's. */
function randomBlocks(precision: Precision): Buffer {
  const random = seededRandom(1)
  const { blockWeights, blockBytes } = tensorTypes[precision]
  if (blockWeights === 1)
    return Buffer.from(Float32Array.from({ length: pieceBlocks * 32 }, () => scale * random.normal()).buffer)
  const bytes = Buffer.from(Uint8Array.from({ length: pieceBlocks * blockBytes }, () => random.below(256)))
  const largest = blockBytes === q4.blockBytes ? 8 : 127
  const [half] = float32ToFloat16(Float32Array.of(scale / largest))
  for (let start = 0; start < bytes.length; start += blockBytes) bytes.writeUInt16LE(half!, start)
  return bytes
}

function byteLength({ shape, type }: Tensor): number {
  return (shape.reduce((product, size) => product * size, 1) / type.blockWeights) * type.blockBytes
}

const padded = (size: number) => Math.ceil(size / alignment) * alignment

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

function float32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value)
  return bytes
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([uint64(bytes.length), bytes])
}
