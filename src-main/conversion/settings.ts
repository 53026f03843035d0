import { z } from 'zod'
import { SpellmError } from '../base/errors.ts'
import { objectives } from '../distill/position-targets.ts'
import { defaultDistillSettings } from '../distill/train-tail.ts'
import { adapterWidthsSchema, anchorSchema } from '../spellm/spellm.ts'
import { precisions } from '../models/precision.ts'
import { deviceChoiceSchema, deviceSchema } from '../runtime/devices/device.ts'
import { parseGroups } from '../spelling/groups.ts'
import { parsePieces } from '../spelling/pieces.ts'
import { maxSpellingLength } from '../spelling/spellings.ts'
import { unitKinds } from '../spelling/words.ts'
import { modeNames, modeOf } from '../spellm/decode-modes.ts'

const positive = z.number().positive().max(1)

/** Everything that decides what a conversion does. */
export const conversionSettingsSchema = z.object({
  /** A Hugging Face folder, or 'sample'. */
  base: z.string().min(1),
  /** Text files to learn from; none: the sample model's stories, or text that the base model writes itself. */
  texts: z.array(z.string().min(1)).default([]),
  /** Files of questions, as `readQuestions` has them, that the base model answers to learn from; none: it asks itself. */
  questions: z.array(z.string().min(1)).default([]),
  /**
   * The folder of a finished run of the same base model whose text, with its states, is learnt from, so that none is written
   * or read again: what decides the text must be the same. Absent: none.
   */
  textOf: z.string().min(1).optional(),
  /** Tokens to learn from. */
  tokens: z.int().min(1_000).max(1_000_000_000).default(800_000),
  /** Longest spelling in symbols. */
  k: z.int().min(1).max(maxSpellingLength).default(12),
  /** What the heads spell at once. */
  units: z.enum(unitKinds).default('token'),
  /**
   * As `parseAlphabet` has it: 'auto', 'ascii', 'latin1', 'bytes', 'pieces', 'pieces:N', 'auto:N', 'characters:…'; or
   * as `parseGroups`, with token symbols: 'groups', 'groups:G', 'groups:G:N'.
   */
  alphabet: z.string().min(1).default('auto'),
  /**
   * Whole tokens that are symbols of their own in addition to the special ones: 'auto' (as many as save more than they
   * read, within the budget of bytes) or a number; 0: every token is spelled, as in the paper. Runs of earlier versions
   * have none.
   */
  tokenSymbols: z.union([z.literal('auto'), z.int().min(0).max(1_000_000)]).default(0),
  /** c: the most context symbols at once, where there are token symbols. */
  contextSymbols: z.int().min(0).max(65_536).default(512),
  /** The part of the exact scores' log-sum that is added to the first head's scores, see `anchored`. Runs of earlier versions have none. */
  anchor: anchorSchema.default(0),
  /** What a tail with token symbols learns from: the base model's whole distribution, or its choices. */
  objective: z.enum(objectives).default('soft'),
  /** Inner width of each block of the adapter; absent: sized to the base model. */
  adapterWidths: adapterWidthsSchema.optional(),
  epochs: z.int().min(1).max(1_000).default(defaultDistillSettings.epochs),
  batchTokens: z
    .int()
    .min(1)
    .max(1 << 20)
    .default(defaultDistillSettings.batchTokens),
  peakLearningRates: z
    .object({ adapter: positive, heads: positive })
    .default(defaultDistillSettings.peakLearningRates),
  warmUp: z.number().min(0).max(1).default(defaultDistillSettings.warmUp),
  weightDecay: z.number().min(0).max(1).default(defaultDistillSettings.weightDecay),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(defaultDistillSettings.seed),
  device: deviceChoiceSchema.default('auto'),
  /** How the SpeLLM decodes unless somebody asks for another mode. Learning is the same for all. */
  mode: z.enum(modeNames).default('trie').transform(modeOf),
  /** Learn a second tail, which has the base model's probabilities, for sampling. */
  samplingTail: z.boolean().default(false),
  /** The base model's, for the conversion and the SpeLLM. */
  precision: z.enum(precisions).default('stored'),
  /** Seconds of training between checkpoints: what a crash can cost. */
  checkpointSeconds: z.number().min(0).max(86_400).default(15),
  /**
   * Tokens whose states are on disk at once, learnt from in all epochs before the next ones take their place; absent: all,
   * unless there is no room for them.
   */
  windowTokens: z.int().min(1_000).max(1_000_000_000).optional(),
  /**
   * Keep all of the teacher cache when the run is finished: its last window. Else a text that a tail with token symbols learnt
   * from stays while the disk has plenty of room.
   */
  keepCache: z.boolean().default(false),
})

export type ConversionSettings = z.output<typeof conversionSettingsSchema>

/** The settings that are stored with a run: a run resumes with those it began with. */
export const runSettingsSchema = conversionSettingsSchema.extend({ device: deviceSchema })
export type RunSettings = z.output<typeof runSettingsSchema>

/**
 * Checks settings and fills in defaults.
 *
 * @throws SpellmError 'setting-invalid' that names the setting
 */
export function parseConversionSettings(input: z.input<typeof conversionSettingsSchema>): ConversionSettings {
  const parsed = conversionSettingsSchema.safeParse({ ...recipe(input), ...input })
  if (parsed.success) {
    if (parsed.data.samplingTail && parsed.data.units === 'word')
      throw new SpellmError(
        'setting-invalid',
        "The setting 'samplingTail' is on with units of words, whose probabilities it can't learn.",
        'Choose token units, or leave the tail for sampling out.',
      )
    if (parsed.data.samplingTail && hasSymbols(parsed.data))
      throw new SpellmError(
        'setting-invalid',
        "The setting 'samplingTail' is on with token symbols, whose probabilities are exact without it.",
        'Leave one of the two out.',
      )
    if (parsed.data.questions.length > 0 && parsed.data.texts.length > 0)
      throw new SpellmError(
        'setting-invalid',
        "The settings 'texts' and 'questions' are both set: a conversion learns from a text or from answers.",
        'Leave one of the two out.',
      )
    if (parsed.data.windowTokens !== undefined && !hasSymbols(parsed.data))
      throw new SpellmError(
        'setting-invalid',
        "The setting 'windowTokens' is set without token symbols: tails that spell every token learn from all of the text at once.",
        'Leave it out, or choose token symbols.',
      )
    if (parsed.data.textOf !== undefined && !hasSymbols(parsed.data))
      throw new SpellmError(
        'setting-invalid',
        "The setting 'textOf' is set without token symbols: tails that spell every token read their text themselves.",
        'Leave it out, or choose token symbols.',
      )
    if (parsed.data.questions.length > 0 && !hasSymbols(parsed.data))
      throw new SpellmError(
        'setting-invalid',
        "The setting 'questions' is set without token symbols: tails that spell every token learn from texts.",
        'Leave the questions out, or choose token symbols.',
      )
    return parseGroups(parsed.data.alphabet) ? groupSettings(parsed.data) : parsed.data
  }
  const issue = parsed.error.issues[0]!
  throw new SpellmError(
    'setting-invalid',
    `The setting '${issue.path.join('.')}' is ${JSON.stringify(valueAt(input, issue.path))}: ${issue.message}.`,
    'Correct this setting.',
  )
}

/** Groups aren't spelled, so k is 1. Throws SpellmError 'setting-invalid' without token symbols. */
function groupSettings(settings: ConversionSettings): ConversionSettings {
  if (hasSymbols(settings)) return { ...settings, k: 1 }
  throw new SpellmError(
    'setting-invalid',
    "The setting 'alphabet' is 'groups', which need token symbols as well and units of tokens.",
    'Leave out what sets token symbols to 0, units to words, or adds a tail for sampling.',
  )
}

/** Whether a conversion gives whole tokens symbols of their own. Words are spelled without. */
export const hasSymbols = ({
  units,
  tokenSymbols,
}: Pick<ConversionSettings, 'units' | 'tokenSymbols'>): boolean => units === 'token' && tokenSymbols !== 0

type SettingsInput = z.input<typeof conversionSettingsSchema>

/** What is set otherwise unless somebody asks for it, with pieces or token symbols. */
function recipe({
  units = 'token',
  alphabet = '',
  samplingTail = false,
  // A second tail has the probabilities of all tokens by their spellings.
  tokenSymbols = samplingTail ? 0 : 'auto',
}: SettingsInput): Partial<SettingsInput> {
  // Pieces are longer than characters, but words are as much longer than tokens.
  const spelling = units === 'token' && parsePieces(alphabet) !== null ? { k: 4 } : {}
  if (!hasSymbols({ units, tokenSymbols })) return { ...spelling, tokenSymbols: 0 }
  return {
    ...spelling,
    tokenSymbols,
    tokens: 122_880,
    anchor: 0.5,
    batchTokens: 512,
    peakLearningRates: { adapter: 3e-3, heads: 4e-3 },
    weightDecay: 0,
    mode: 'lossless',
  }
}

/**
 * Inner widths of the adapter on a trunk of `hiddenSize`. A second, wider block gains about a point of agreement. A small trunk can afford it; on a large one its
 * bytes would eat up what the smaller head saves.
 */
export function defaultAdapterWidths(hiddenSize: number): readonly number[] {
  return hiddenSize <= 512 ? [2 * hiddenSize, 4 * hiddenSize] : [2 * hiddenSize]
}

/** Inner widths of the adapter of a tail with token symbols: what frequent tokens need is exact already. */
export function symbolAdapterWidths(hiddenSize: number): readonly number[] {
  return hiddenSize <= 512 ? [2 * hiddenSize] : [hiddenSize]
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  )
}
