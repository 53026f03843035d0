import { z } from 'zod'
import { SpellmError } from '../../base/errors.ts'
import type { Rotary } from '../architecture.ts'
import { misfit, size, type ModelFacts } from './config.ts'

const theta = z.number().positive().max(1e12)
const factor = z.number().min(1).max(1e6)
const factors = z.array(z.number().positive().max(1e6)).max(1_024)
const length = size(2 ** 30)

const parametersSchema = z.looseObject({
  rope_theta: theta.nullish(),
  partial_rotary_factor: z.number().positive().max(1).nullish(),
  rope_type: z.string().nullish(),
  type: z.string().nullish(),
})
export type RotaryParameters = z.infer<typeof parametersSchema>

/** Fields about the rotary embedding: one object since transformers 5, several fields before. */
export const rotaryFields = {
  rope_theta: theta.optional(),
  rope_scaling: parametersSchema.optional(),
  rope_parameters: parametersSchema.optional(),
  partial_rotary_factor: z.number().positive().max(1).optional(),
}

export interface RotaryConfig {
  readonly rope_theta?: number | undefined
  readonly rope_scaling?: RotaryParameters | undefined
  readonly rope_parameters?: RotaryParameters | undefined
  readonly partial_rotary_factor?: number | undefined
  readonly max_position_embeddings: number
  readonly original_max_position_embeddings?: number | undefined
}

const schemas = {
  linear: z.looseObject({ factor }),
  dynamic: z.looseObject({ factor }),
  llama3: z.looseObject({
    factor,
    low_freq_factor: z.number().positive().max(1024),
    high_freq_factor: z.number().positive().max(1024),
    original_max_position_embeddings: length.optional(),
  }),
  yarn: z.looseObject({
    factor: factor.nullish(),
    attention_factor: z.number().positive().max(1e3).nullish(),
    mscale: z.number().min(0).max(1e3).nullish(),
    mscale_all_dim: z.number().min(0).max(1e3).nullish(),
    beta_fast: z.number().positive().max(1e6).nullish(),
    beta_slow: z.number().positive().max(1e6).nullish(),
    truncate: z.boolean().nullish(),
    original_max_position_embeddings: length.optional(),
  }),
  longrope: z.looseObject({
    short_factor: factors,
    long_factor: factors,
    factor: factor.nullish(),
    attention_factor: z.number().positive().max(1e3).nullish(),
    original_max_position_embeddings: length.optional(),
  }),
}

/**
 * The rotary embedding that a config asks for: plain, or stretched to longer texts in one of the ways that
 * transformers knows (`modeling_rope_utils.py`).
 *
 * @param parameters those of this kind of layer, where the config has several; otherwise the config's own
 * @throws SpellmError 'model-unsupported' (a kind of scaling we don't have) | 'model-invalid'
 */
export function describeRotary(
  config: RotaryConfig,
  headSize: number,
  defaults: { readonly theta: number; readonly share: number },
  facts: ModelFacts,
  parameters: RotaryParameters = config.rope_parameters ?? config.rope_scaling ?? {},
): Rotary {
  const base = parameters.rope_theta ?? config.rope_theta ?? defaults.theta
  const share = parameters.partial_rotary_factor ?? config.partial_rotary_factor ?? defaults.share
  const dimensions = Math.trunc(headSize * share)
  if (dimensions < 2 || dimensions % 2 !== 0)
    throw misfit(facts, 'head_dim', `times partial_rotary_factor must be even (it is ${dimensions})`)
  const frequencies = plainFrequencies(base, dimensions)
  const plain: Rotary = { frequencies, magnitude: 1, beyond: null }
  const kind = parameters.rope_type ?? parameters.type ?? 'default'
  const trained = config.max_position_embeddings
  const originalLength = (given: number | undefined) =>
    config.original_max_position_embeddings ?? given ?? trained

  switch (kind) {
    case 'default':
      return plain
    case 'linear': {
      const { factor } = parse('linear', parameters, facts)
      return { ...plain, frequencies: frequencies.map((frequency) => frequency / factor) }
    }
    case 'dynamic': {
      const { factor } = parse('dynamic', parameters, facts)
      return { ...plain, beyond: { kind: 'dynamic', length: trained, factor, theta: base } }
    }
    case 'llama3': {
      const scaling = parse('llama3', parameters, facts)
      const original = originalLength(scaling.original_max_position_embeddings)
      return { ...plain, frequencies: frequencies.map((f) => slowLlama3(f, scaling, original)) }
    }
    case 'yarn': {
      const scaling = parse('yarn', parameters, facts)
      return yarn(
        frequencies,
        base,
        trained,
        originalLength(scaling.original_max_position_embeddings),
        scaling,
      )
    }
    case 'longrope': {
      const scaling = parse('longrope', parameters, facts)
      const original = originalLength(scaling.original_max_position_embeddings)
      return longRope(frequencies, trained, original, scaling, facts)
    }
    default:
      throw new SpellmError(
        'model-unsupported',
        `${facts.file}: rotary scaling '${kind.slice(0, 40)}' is not supported; supported are default, ${Object.keys(schemas).join(', ')}.`,
        'Choose another model.',
      )
  }
}

function parse<Kind extends keyof typeof schemas>(
  kind: Kind,
  parameters: RotaryParameters,
  { file }: ModelFacts,
): z.infer<(typeof schemas)[Kind]> {
  const parsed = schemas[kind].safeParse(parameters)
  if (parsed.success) return parsed.data as z.infer<(typeof schemas)[Kind]>
  const { path, message } = parsed.error.issues[0]!
  throw new SpellmError(
    'model-invalid',
    `${file}: 'rope_scaling.${path.join('.')}' (${kind}): ${message}.`,
    'Download config.json again or correct the field.',
  )
}

const plainFrequencies = (theta: number, dimensions: number) =>
  Float32Array.from({ length: dimensions / 2 }, (_, i) => theta ** ((-2 * i) / dimensions))

/** Llama 3.1: long wavelengths are slowed by `factor`, short ones kept, those between interpolated. */
function slowLlama3(
  frequency: number,
  {
    factor,
    low_freq_factor: low,
    high_freq_factor: high,
  }: { readonly factor: number; readonly low_freq_factor: number; readonly high_freq_factor: number },
  original: number,
): number {
  const turns = (original * frequency) / (2 * Math.PI)
  if (turns < low) return frequency / factor
  if (turns > high) return frequency
  const smooth = (turns - low) / (high - low)
  return ((1 - smooth) * frequency) / factor + smooth * frequency
}

/** YaRN (Peng et al. 2023): pairs that turn often over the original length stay, slow ones are interpolated. */
function yarn(
  frequencies: Float32Array,
  theta: number,
  trained: number,
  original: number,
  scaling: z.infer<typeof schemas.yarn>,
): Rotary {
  const dimensions = 2 * frequencies.length
  const factor = scaling.factor ?? trained / original
  /** The pair of dimensions that turns `turns` times over the original length. */
  const pairOf = (turns: number) =>
    (dimensions * Math.log(original / (turns * 2 * Math.PI))) / (2 * Math.log(theta))
  const truncate = scaling.truncate ?? true
  const [from, to] = [pairOf(scaling.beta_fast || 32), pairOf(scaling.beta_slow || 1)]
  const low = Math.max(truncate ? Math.floor(from) : from, 0)
  const high = Math.min(truncate ? Math.ceil(to) : to, dimensions - 1)
  const width = high === low ? 0.001 : high - low
  const magnitudeOf = (scale: number | null | undefined) =>
    factor <= 1 ? 1 : 0.1 * (scale ?? 1) * Math.log(factor) + 1
  const { attention_factor: given, mscale, mscale_all_dim: allDimensions } = scaling
  return {
    frequencies: frequencies.map((frequency, pair) => {
      const interpolated = Math.min(1, Math.max(0, (pair - low) / width))
      return frequency * (1 - interpolated) + (frequency / factor) * interpolated
    }),
    magnitude:
      given ?? (mscale && allDimensions ? magnitudeOf(mscale) / magnitudeOf(allDimensions) : magnitudeOf(1)),
    beyond: null,
  }
}

/** LongRoPE (Ding et al. 2024): each pair has its own factor, one for short texts and one for long ones. */
function longRope(
  frequencies: Float32Array,
  trained: number,
  original: number,
  scaling: z.infer<typeof schemas.longrope>,
  facts: ModelFacts,
): Rotary {
  for (const field of ['short_factor', 'long_factor'] as const)
    if (scaling[field].length !== frequencies.length)
      throw misfit(facts, `rope_scaling.${field}`, `must have ${frequencies.length} entries`)
  const factor = scaling.factor ?? trained / original
  const magnitude =
    scaling.attention_factor ?? (factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original)))
  return {
    frequencies: frequencies.map((frequency, pair) => frequency / scaling.short_factor[pair]!),
    magnitude,
    beyond: {
      kind: 'switch',
      length: original,
      frequencies: frequencies.map((frequency, pair) => frequency / scaling.long_factor[pair]!),
    },
  }
}
