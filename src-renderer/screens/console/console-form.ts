import { z } from 'zod'
import {
  modeNumbersSchema,
  samplingSchema,
  type ModeNumbers,
  type Sampling,
  type SpellmMode,
} from '../../../src-main/contract/index.ts'

/** An empty input field is ''. */
type NumberField = number | ''

/** What the controls of the console show, valid or not. */
export interface ConsoleForm {
  /** null: the model's own. */
  readonly mode: SpellmMode | null
  readonly candidates: NumberField
  /** The base model's share, in percent. */
  readonly gatePercent: NumberField
  readonly isSampled: boolean
  readonly temperature: NumberField
  /** '': off. */
  readonly topK: NumberField
  /** '': off. */
  readonly topP: NumberField
  /** '': off. */
  readonly minP: NumberField
  /** '': off. */
  readonly repetitionPenalty: NumberField
  readonly seed: NumberField
  readonly maxTokens: NumberField
  readonly stop: readonly string[]
}

export const defaultForm: ConsoleForm = {
  mode: null,
  candidates: 8,
  gatePercent: 5,
  isSampled: false,
  temperature: 0.8,
  topK: '',
  topP: 0.95,
  minP: '',
  repetitionPenalty: '',
  seed: 1,
  maxTokens: 120,
  stop: [],
}

/** The page holds every token as an element: more than this would make it slow. */
export const maxTokensLimit = 4_096

/** What the engine gets of a valid form. */
export interface GenerationOptions {
  /** The SpeLLM's decode mode. */
  readonly mode: SpellmMode
  /** What the mode has of them. */
  readonly numbers: ModeNumbers
  readonly sampling: Sampling
  readonly maxTokens: number
  readonly stop: string[]
}

/** A field that can be wrong. */
export type FormField = SamplingField | ModeField | 'maxTokens' | 'stop'
export type ModeField = 'candidates' | 'gatePercent'
export type SamplingField = 'temperature' | 'topK' | 'topP' | 'minP' | 'repetitionPenalty' | 'seed'

const countSchema = z.int().min(1).max(maxTokensLimit)
const stopSchema = z.array(z.string().min(1).max(1_000)).max(16)

/**
 * The options that a form stands for, or which of its fields are wrong.
 *
 * @param ownMode the mode of the model that is tried
 */
export function parseForm(
  form: ConsoleForm,
  ownMode: SpellmMode,
):
  | { readonly options: GenerationOptions; readonly problems: null }
  | { readonly problems: ReadonlySet<FormField> } {
  const { isSampled, temperature, seed, maxTokens, stop } = form
  const optional = (field: 'topK' | 'topP' | 'minP' | 'repetitionPenalty') =>
    form[field] === '' ? {} : { [field]: form[field] }
  const sampling = samplingSchema.safeParse(
    isSampled
      ? {
          temperature,
          seed,
          ...optional('topK'),
          ...optional('topP'),
          ...optional('minP'),
          ...optional('repetitionPenalty'),
        }
      : null,
  )
  const count = countSchema.safeParse(maxTokens)
  // A text of nothing would stop everything at once.
  const texts = stopSchema.safeParse(stop.filter((text) => text !== ''))
  const mode = form.mode ?? ownMode
  const numbers = modeNumbersSchema.safeParse(numbersOf(form, mode))
  if (sampling.success && count.success && texts.success && numbers.success)
    return {
      options: {
        mode,
        numbers: numbers.data,
        sampling: sampling.data,
        maxTokens: count.data,
        stop: texts.data,
      },
      problems: null,
    }
  const problems = new Set((sampling.error?.issues ?? []).map(({ path }) => path[0] as FormField))
  if (!count.success) problems.add('maxTokens')
  if (!texts.success) problems.add('stop')
  if (!numbers.success) problems.add(mode === 'trie' ? 'candidates' : 'gatePercent')
  return { problems }
}

function numbersOf({ candidates, gatePercent }: ConsoleForm, mode: SpellmMode) {
  if (mode === 'trie') return { candidates }
  if (mode === 'gated') return { gateShare: gatePercent === '' ? '' : gatePercent / 100 }
  return {}
}

/** The form that stands for saved options. */
export function formFor(
  mode: ConsoleForm['mode'],
  { candidates, gateShare }: ModeNumbers,
  sampling: Sampling,
  maxTokens: number,
): ConsoleForm {
  const form: ConsoleForm = {
    ...defaultForm,
    mode,
    maxTokens,
    ...(candidates === undefined ? {} : { candidates }),
    ...(gateShare === undefined ? {} : { gatePercent: 100 * gateShare }),
  }
  if (!sampling) return form
  const off = { topK: '', topP: '', minP: '', repetitionPenalty: '' } as const
  return { ...form, ...off, ...definedOf(sampling), isSampled: true }
}

/** Fields that are undefined are left out, so that they hide no default. */
function definedOf(sampling: NonNullable<Sampling>): Partial<Record<SamplingField, number>> {
  return Object.fromEntries(Object.entries(sampling).filter(([, value]) => value !== undefined))
}
