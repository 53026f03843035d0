import { z } from 'zod'
import type { Architecture } from '../architecture.ts'
import {
  activation,
  cap,
  commonFields,
  contextLength,
  defineFamily,
  epsilon,
  layerTypes,
  multiplier,
  size,
  slidingLayers,
  window,
  type Family,
  type ModelFacts,
} from './config.ts'
import { llamaLike, llamaLayer, llamaModel, withHeadNorms, withSandwichNorms } from './llama-like.ts'
import { describeRotary, rotaryFields } from './rotary.ts'

const { rope_scaling: rotaryParameters } = rotaryFields

const fields = {
  ...commonFields,
  rope_theta: rotaryFields.rope_theta,
  rope_local_base_freq: rotaryFields.rope_theta,
  rope_scaling: rotaryParameters,
  rope_parameters: z
    .object({
      full_attention: rotaryParameters.nullish(),
      sliding_attention: rotaryParameters.nullish(),
    })
    .optional(),
  num_attention_heads: size(1_024).default(8),
  num_key_value_heads: size(1_024).default(4),
  head_dim: size(1_024).default(256),
  vocab_size: size(4_194_304).default(262_208),
  rms_norm_eps: epsilon.default(1e-6),
  max_position_embeddings: contextLength.default(131_072),
  tie_word_embeddings: z.boolean().default(true),
  hidden_activation: activation.default('gelu-tanh'),
  attention_bias: z.boolean().default(false),
  query_pre_attn_scalar: multiplier.default(256),
  sliding_window: window.default(4_096),
  sliding_window_pattern: size(1_024).default(6),
  _sliding_window_pattern: size(1_024).optional(),
  layer_types: layerTypes,
  attn_logit_softcapping: cap,
  final_logit_softcapping: cap,
}

function describe(
  config: z.output<z.ZodObject<typeof fields>>,
  facts: ModelFacts,
  prefixes: readonly string[],
): Architecture {
  const { full_attention: full, sliding_attention: sliding } = config.rope_parameters ?? {}
  const { max_position_embeddings, rope_scaling, rope_parameters: _, ...rest } = config
  const { model, layers } = llamaLike('gemma3_text', { ...rest, max_position_embeddings }, facts, {
    theta: 1_000_000,
    rotary: { ...full, ...rope_scaling },
    prefixes,
    plusOne: true,
  })
  const local = describeRotary(
    { max_position_embeddings, rope_theta: config.rope_local_base_freq },
    model.attention.headSize,
    { theta: 10_000, share: 1 },
    facts,
    sliding ?? {},
  )
  const slides = slidingLayers(config, facts, (index) => (index + 1) % config.sliding_window_pattern !== 0)
  return llamaModel({
    ...model,
    attention: {
      ...model.attention,
      scoreScale: config.query_pre_attn_scalar ** -0.5,
      scoreCap: config.attn_logit_softcapping ?? null,
    },
    layers: layers.map((settings, index) => {
      const layer = llamaLayer({
        ...settings,
        activation: config.hidden_activation,
        ...(slides[index] && { rotary: local, window: config.sliding_window }),
      })
      return withHeadNorms(withSandwichNorms(layer, settings), settings)
    }),
    embeddingScale: Math.sqrt(config.hidden_size),
    logitCap: config.final_logit_softcapping ?? null,
  })
}

/** Gemma 3's language model (Gemma Team 2025): five sliding layers to one that sees all, norms on queries and keys. */
export const gemma3Text = defineFamily(fields, (config, facts) => describe(config, facts, ['model.', '']))

/** Gemma 3 with its image encoder, which is left out: the config of the language model is in `text_config`. */
export const gemma3: Family = {
  describe: (config, facts) => {
    const wrapper = z
      .looseObject({
        text_config: z.record(z.string(), z.unknown()),
        bos_token_id: commonFields.bos_token_id.nullish(),
        eos_token_id: commonFields.eos_token_id.nullish(),
      })
      .safeParse(config)
    if (!wrapper.success) return gemma3Text.describe(config, facts)
    const { text_config: text, ...outer } = wrapper.data
    return defineFamily(fields, (parsed, inner) =>
      describe(parsed, inner, ['language_model.model.', 'model.language_model.', 'model.', '']),
    ).describe(
      { bos_token_id: outer.bos_token_id ?? null, eos_token_id: outer.eos_token_id ?? null, ...text },
      facts,
    )
  },
}
