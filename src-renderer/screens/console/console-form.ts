import { z } from 'zod'
import { samplingSchema, type Sampling, type SpellmMode } from '../../../src-main/contract/index.ts'

/** An empty input field is ''. */
type NumberField = number | ''

/** What the controls of the console show, valid or not. */
export interface ConsoleForm {
  readonly mode: SpellmMode
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
  mode: 'trie',
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
  readonly sampling: Sampling
  readonly maxTokens: number
  readonly stop: string[]
}

/** A field that can be wrong. */
export type FormField = SamplingField | 'maxTokens' | 'stop'
export type SamplingField = 'temperature' | 'topK' | 'topP' | 'minP' | 'repetitionPenalty' | 'seed'

const countSchema = z.int().min(1).max(maxTokensLimit)
const stopSchema = z.array(z.string().min(1).max(1_000)).max(16)

/** The options that a form stands for, or which of its fields are wrong. */
export function parseForm(
  form: ConsoleForm,
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
  const texts = stopSchema.safeParse(stop)
  if (sampling.success && count.success && texts.success)
    return {
      options: { sampling: sampling.data, maxTokens: count.data, stop: texts.data },
      problems: null,
    }
  const problems = new Set((sampling.error?.issues ?? []).map(({ path }) => path[0] as FormField))
  if (!count.success) problems.add('maxTokens')
  if (!texts.success) problems.add('stop')
  return { problems }
}

/** The form that stands for saved options. */
export function formFor(mode: ConsoleForm['mode'], sampling: Sampling, maxTokens: number): ConsoleForm {
  if (!sampling) return { ...defaultForm, mode, maxTokens }
  const off = { topK: '', topP: '', minP: '', repetitionPenalty: '' } as const
  return { ...defaultForm, ...off, ...definedOf(sampling), mode, isSampled: true, maxTokens }
}

/** Fields that are undefined are left out, so that they hide no default. */
function definedOf(sampling: NonNullable<Sampling>): Partial<Record<SamplingField, number>> {
  return Object.fromEntries(Object.entries(sampling).filter(([, value]) => value !== undefined))
}
