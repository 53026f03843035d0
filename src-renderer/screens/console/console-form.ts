import { z } from 'zod'
import { samplingSchema, type Sampling } from '../../../src-main/contract/index.ts'

/** An empty input field is ''. */
type NumberField = number | ''

/** What the controls of the console show, valid or not. */
export interface ConsoleForm {
  readonly mode: 'trie' | 'free'
  readonly isSampled: boolean
  readonly temperature: NumberField
  /** '': off. */
  readonly topK: NumberField
  /** '': off. */
  readonly topP: NumberField
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
export type FormField = 'temperature' | 'topK' | 'topP' | 'seed' | 'maxTokens' | 'stop'

const countSchema = z.int().min(1).max(maxTokensLimit)
const stopSchema = z.array(z.string().min(1).max(1_000)).max(16)

/** The options that a form stands for, or which of its fields are wrong. */
export function parseForm(
  form: ConsoleForm,
):
  | { readonly options: GenerationOptions; readonly problems: null }
  | { readonly problems: ReadonlySet<FormField> } {
  const { isSampled, temperature, topK, topP, seed, maxTokens, stop } = form
  const sampling = samplingSchema.safeParse(
    isSampled
      ? { temperature, seed, ...(topK === '' ? {} : { topK }), ...(topP === '' ? {} : { topP }) }
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
  const { temperature, topK = '', topP = '', seed } = sampling
  return { ...defaultForm, mode, isSampled: true, temperature, topK, topP, seed, maxTokens }
}
