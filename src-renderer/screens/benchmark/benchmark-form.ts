import {
  spellmModes,
  type BenchmarkRequest,
  type Precision,
  type SpellmMode,
} from '../../../src-main/contract/index.ts'

/** An empty input field is ''. */
type NumberField = number | ''

/** What the controls of the benchmark show, valid or not. */
export interface BenchmarkForm {
  readonly modes: readonly SpellmMode[]
  readonly candidates: NumberField
  /** The base model's share, in percent. */
  readonly gatePercent: NumberField
  /** Null: the model's own. */
  readonly precision: Precision | null
  /** Numbers, separated by commas. */
  readonly contexts: string
  readonly steps: NumberField
}

export const defaultForm: BenchmarkForm = {
  modes: spellmModes,
  candidates: 8,
  gatePercent: 5,
  precision: null,
  contexts: '128',
  steps: 96,
}

export type FormField = 'contexts' | 'steps' | 'candidates' | 'gatePercent'

const isWhole = (value: NumberField, least: number, most: number): value is number =>
  value !== '' && Number.isInteger(value) && value >= least && value <= most

/**
 * What a form asks the engine for, or which of its fields are wrong.
 *
 * @param contextLength tokens that the model holds, the measured one included
 */
export function parseForm(
  { modes, candidates, gatePercent, precision, contexts, steps }: BenchmarkForm,
  contextLength: number,
):
  | { readonly options: Omit<BenchmarkRequest, 'source'>; readonly problems: null }
  | { readonly options: null; readonly problems: ReadonlySet<FormField> } {
  const lengths = contexts.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)))
  const problems = new Set<FormField>()
  if (lengths.length > 8 || !lengths.every((length) => isWhole(length, 1, contextLength - 1)))
    problems.add('contexts')
  if (!isWhole(steps, 5, 1_000)) problems.add('steps')
  if (modes.includes('trie') && !isWhole(candidates, 0, 1_024)) problems.add('candidates')
  if (modes.includes('gated') && (gatePercent === '' || gatePercent < 0 || gatePercent > 100))
    problems.add('gatePercent')
  if (problems.size > 0) return { options: null, problems }
  return {
    options: {
      modes: [...modes],
      precision,
      contexts: [...new Set(lengths)].sort((a, b) => a - b),
      steps: Number(steps),
      ...(modes.includes('trie') ? { candidates: Number(candidates) } : {}),
      ...(modes.includes('gated') ? { gateShare: Number(gatePercent) / 100 } : {}),
    },
    problems: null,
  }
}
