import { z } from 'zod'
import { SpellmError } from '../errors.ts'
import type { Architecture } from './architecture.ts'

const size = (max: number) => z.int().min(1).max(max)
const tokenIds = z.union([z.int().min(0), z.array(z.int().min(0)).max(64)]).nullish()

const llama3Scaling = z.object({
  factor: z.number().min(1).max(1024),
  low_freq_factor: z.number().positive().max(1024),
  high_freq_factor: z.number().positive().max(1024),
  original_max_position_embeddings: size(2 ** 30),
})

const ropeSchema = z.looseObject({
  rope_theta: z.number().positive().max(1e12).optional(),
  rope_type: z.string().optional(),
  type: z.string().optional(),
})

/** The fields of a Llama config.json that change the numbers; bounds are far above any real model. */
export const llamaConfigSchema = z.object({
  model_type: z.literal('llama'),
  hidden_size: size(65_536),
  num_hidden_layers: size(1_024),
  num_attention_heads: size(1_024),
  num_key_value_heads: size(1_024).nullish(),
  head_dim: size(1_024).nullish(),
  intermediate_size: size(1_048_576),
  vocab_size: size(4_194_304),
  rms_norm_eps: z.number().positive().max(1).default(1e-6),
  rope_theta: z.number().positive().max(1e12).optional(),
  rope_scaling: ropeSchema.nullish(),
  rope_parameters: ropeSchema.nullish(),
  max_position_embeddings: size(2 ** 30).default(2048),
  tie_word_embeddings: z.boolean().default(false),
  hidden_act: z.literal('silu').default('silu'),
  attention_bias: z.literal(false).default(false),
  mlp_bias: z.literal(false).default(false),
  partial_rotary_factor: z.literal(1).optional(),
  bos_token_id: z.int().min(0).nullish(),
  eos_token_id: tokenIds,
})

/**
 * The architecture of a Llama model (Touvron et al. 2023; Llama 3.x with its rotary scaling).
 *
 * @param file the config's path, for messages
 * @throws SpellmError 'model-unsupported' (a rotary scaling we don't have) | 'model-invalid' (sizes that don't fit)
 */
export function llamaArchitecture(config: z.infer<typeof llamaConfigSchema>, file: string): Architecture {
  const heads = config.num_attention_heads
  const keyValueHeads = config.num_key_value_heads ?? heads
  const headSize = config.head_dim ?? config.hidden_size / heads
  const invalid = (field: string, expected: string) =>
    new SpellmError(
      'model-invalid',
      `${file}: '${field}' ${expected}.`,
      'Download config.json again or correct the field.',
    )
  if (!Number.isInteger(headSize))
    throw invalid('hidden_size', `must be a multiple of num_attention_heads (${heads})`)
  if (headSize % 2 !== 0) throw invalid('head_dim', 'must be even for the rotary embedding')
  if (heads % keyValueHeads !== 0)
    throw invalid('num_key_value_heads', `must divide num_attention_heads (${heads})`)
  const endTokens = config.eos_token_id ?? []
  return {
    family: 'llama',
    layers: config.num_hidden_layers,
    hiddenSize: config.hidden_size,
    vocabularySize: config.vocab_size,
    intermediateSize: config.intermediate_size,
    attention: { heads, keyValueHeads, headSize },
    normEpsilon: config.rms_norm_eps,
    rotaryFrequencies: rotaryFrequencies(config, headSize, file),
    contextLength: config.max_position_embeddings,
    tiedHead: config.tie_word_embeddings,
    beginToken: config.bos_token_id ?? null,
    endTokens: typeof endTokens === 'number' ? [endTokens] : endTokens,
  }
}

function rotaryFrequencies(
  config: z.infer<typeof llamaConfigSchema>,
  headSize: number,
  file: string,
): Float32Array {
  const rope = config.rope_parameters ?? config.rope_scaling ?? {}
  const theta = config.rope_theta ?? rope.rope_theta ?? 10_000
  const frequencies = Float32Array.from({ length: headSize / 2 }, (_, i) => theta ** ((-2 * i) / headSize))
  const type = rope.rope_type ?? rope.type ?? 'default'
  if (type === 'default') return frequencies
  if (type === 'llama3') {
    const scaling = llama3Scaling.safeParse(rope)
    if (!scaling.success) {
      const { path, message } = scaling.error.issues[0]!
      throw new SpellmError(
        'model-invalid',
        `${file}: 'rope_scaling.${path.join('.')}': ${message}.`,
        'Download config.json again or correct the field.',
      )
    }
    return frequencies.map((frequency) => scaleLlama3(frequency, scaling.data))
  }
  throw new SpellmError(
    'model-unsupported',
    `${file}: rotary scaling '${type}' is not supported; supported are 'default' and 'llama3'.`,
    'Choose another model.',
  )
}

/** Llama 3.1's scaling: long wavelengths are slowed by `factor`, short ones kept, those between interpolated. */
function scaleLlama3(frequency: number, scaling: z.infer<typeof llama3Scaling>): number {
  const {
    factor,
    low_freq_factor: low,
    high_freq_factor: high,
    original_max_position_embeddings: original,
  } = scaling
  const turns = (original * frequency) / (2 * Math.PI)
  if (turns < low) return frequency / factor
  if (turns > high) return frequency
  const smooth = (turns - low) / (high - low)
  return ((1 - smooth) * frequency) / factor + smooth * frequency
}
