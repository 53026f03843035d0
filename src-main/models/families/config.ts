import { z } from 'zod'
import { SpellmError } from '../../base/errors.ts'
import type { Activation, Architecture } from '../architecture.ts'

/** What a family's description may ask about the model besides its config. */
export interface ModelFacts {
  /** The config's path, for messages. */
  readonly file: string
  /** Whether the checkpoint has a tensor of this name. */
  readonly hasTensor: (name: string) => boolean
}

/** Reads one `model_type` of config.json. */
export interface Family {
  /**
   * @throws SpellmError 'model-unsupported' (a field that changes the numbers in a way that we don't know) |
   *   'model-invalid' (sizes that don't fit together) | 'file-invalid' (a field is not as expected)
   */
  describe(config: Readonly<Record<string, unknown>>, facts: ModelFacts): Architecture
}

/** A family from the schema of the fields that it knows. Every other field must be one that changes nothing. */
export function defineFamily<Shape extends z.ZodRawShape>(
  shape: Shape,
  describe: (config: z.output<z.ZodObject<Shape>>, facts: ModelFacts) => Architecture,
): Family {
  const schema = z.object(shape)
  return {
    describe: (config, facts) => {
      requireKnownFields(config, shape, facts.file)
      // A field that is null is one that isn't set.
      const set = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null))
      const parsed = schema.safeParse(set)
      if (parsed.success) return describe(parsed.data, facts)
      const { path, message, code } = parsed.error.issues[0]!
      const found = `${facts.file}: field '${path.join('.')}': ${message}.`
      if (code === 'invalid_value')
        throw new SpellmError(
          'model-unsupported',
          found,
          'This setting is not supported: choose another model, or download config.json again if it was edited.',
        )
      throw new SpellmError('file-invalid', found, 'Download config.json again or correct the field.')
    },
  }
}

/** Settings of training, of generation and of other programs, which don't change what the model computes. */
const harmless = new Set(
  `_name_or_path _commit_hash _attn_implementation _attn_implementation_autoset _attn_implementation_internal
  architectures attn_implementation auto_map attention_dropout attn_pdrop bad_words_ids begin_suppress_tokens
  cache_implementation chunk_size_feed_forward classifier_dropout decoder_start_token_id diversity_penalty
  do_sample dtype early_stopping embd_pdrop embedding_dropout encoder_no_repeat_ngram_size
  exponential_decay_length_penalty finetuning_task forced_bos_token_id forced_eos_token_id
  gradient_checkpointing hidden_dropout hidden_dropout_prob id2label initializer_factor initializer_range
  is_decoder is_llama_config label2id length_penalty max_length min_length model_name model_type n_ctx
  no_repeat_ngram_size num_beam_groups num_beams num_labels num_return_sequences output_attentions
  output_hidden_states output_scores pad_token_id prefix pretraining_tp problem_type remove_invalid_values
  repetition_penalty resid_pdrop residual_dropout return_dict return_dict_in_generate sep_token_id
  summary_activation summary_first_dropout summary_proj_to_labels summary_type summary_use_proj
  suppress_tokens task_specific_params temperature tf_legacy_loss tokenizer_class top_k top_p torch_dtype
  torchscript transformers.js_config transformers_version typical_p unsloth_fixed unsloth_version
  use_bfloat16 use_cache use_flash_attn`.split(/\s+/),
)

/** Fields of any family that change the numbers unless they have this value. */
const mustBe: Readonly<Record<string, unknown>> = {
  add_cross_attention: false,
  is_encoder_decoder: false,
  rope_interleaved: false,
  tie_encoder_decoder: false,
  use_bidirectional_attention: false,
}

function requireKnownFields(
  config: Readonly<Record<string, unknown>>,
  shape: z.ZodRawShape,
  file: string,
): void {
  for (const [name, value] of Object.entries(config)) {
    if (value === null || Object.hasOwn(shape, name) || harmless.has(name)) continue
    if (Object.hasOwn(mustBe, name) && mustBe[name] === value) continue
    if (isEmpty(value) && ['pruned_heads', 'cross_attention_hidden_size'].includes(name)) continue
    if (name === 'quantization_config')
      throw new SpellmError(
        'model-unsupported',
        `${file}: the weights are quantised ('quantization_config').`,
        'Choose the version of the model with F32, F16 or BF16 weights; it can be quantised here.',
      )
    throw new SpellmError(
      'model-unsupported',
      `${file}: the field '${name.slice(0, 80)}' is not known for this architecture and may change what the model computes.`,
      'Choose another model; or remove the field from config.json if you know that it is harmless.',
    )
  }
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

/** An error about sizes that don't fit together. */
export function misfit({ file }: ModelFacts, field: string, expected: string): SpellmError {
  return new SpellmError(
    'model-invalid',
    `${file}: '${field}' ${expected}.`,
    'Download config.json again or correct the field.',
  )
}

/** A whole number from 1 to `max`; bounds are far above any real model. */
export const size = (max: number) => z.int().min(1).max(max)

const tokenId = z.int().min(0).max(4_194_303)

/** Fields that nearly all families have under these names. */
export const commonFields = {
  hidden_size: size(65_536),
  num_hidden_layers: size(1_024),
  num_attention_heads: size(1_024),
  intermediate_size: size(1_048_576),
  vocab_size: size(4_194_304),
  bos_token_id: tokenId.optional(),
  eos_token_id: z.union([tokenId, z.array(tokenId).max(64)]).optional(),
}

export const epsilon = z.number().positive().max(1)
export const contextLength = size(2 ** 30)
export const window = size(2 ** 30).optional()
export const multiplier = z.number().positive().max(1e6)
export const cap = z.number().positive().max(1e6).optional()
export const layerTypes = z
  .array(z.enum(['full_attention', 'sliding_attention']))
  .max(1_024)
  .optional()

const activations = {
  silu: 'silu',
  swish: 'silu',
  relu: 'relu',
  gelu: 'gelu',
  gelu_new: 'gelu-tanh',
  gelu_fast: 'gelu-tanh',
  gelu_pytorch_tanh: 'gelu-tanh',
} as const satisfies Record<string, Activation>

/** An activation by its name in transformers. */
export const activation = z
  .enum(Object.keys(activations) as (keyof typeof activations)[])
  .transform((name): Activation => activations[name])

/** The parts of the description that come from `commonFields`. */
export function commonParts(config: {
  readonly hidden_size: number
  readonly intermediate_size: number
  readonly vocab_size: number
  readonly bos_token_id?: number | undefined
  readonly eos_token_id?: number | readonly number[] | undefined
}) {
  const endTokens = config.eos_token_id ?? []
  return {
    hiddenSize: config.hidden_size,
    vocabularySize: config.vocab_size,
    intermediateSize: config.intermediate_size,
    beginToken: config.bos_token_id ?? null,
    endTokens: typeof endTokens === 'number' ? [endTokens] : endTokens,
  }
}

/** Heads and their size, checked against one another; scores are scaled by 1 / √headSize. */
export function attentionShape(
  config: {
    readonly hidden_size: number
    readonly num_attention_heads: number
    readonly num_key_value_heads?: number | undefined
    readonly head_dim?: number | undefined
  },
  facts: ModelFacts,
) {
  const heads = config.num_attention_heads
  const keyValueHeads = config.num_key_value_heads ?? heads
  const headSize = config.head_dim ?? config.hidden_size / heads
  if (!Number.isInteger(headSize))
    throw misfit(facts, 'hidden_size', `must be a multiple of num_attention_heads (${heads})`)
  if (heads % keyValueHeads !== 0)
    throw misfit(facts, 'num_key_value_heads', `must divide num_attention_heads (${heads})`)
  return { heads, keyValueHeads, headSize, scoreScale: 1 / Math.sqrt(headSize), scoreCap: null }
}

/** Which layers attend to a window: those that `layer_types` names, or as the family's rule says. */
export function slidingLayers(
  config: {
    readonly num_hidden_layers: number
    readonly layer_types?: readonly string[] | undefined
  },
  facts: ModelFacts,
  rule: (index: number) => boolean,
): boolean[] {
  const { num_hidden_layers: layers, layer_types: types } = config
  if (types && types.length !== layers)
    throw misfit(facts, 'layer_types', `must have ${layers} entries, one for each layer`)
  return Array.from({ length: layers }, (_, i) => (types ? types[i] === 'sliding_attention' : rule(i)))
}
