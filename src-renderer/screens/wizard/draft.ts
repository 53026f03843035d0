import { z } from 'zod'
import {
  conversionRequestSchema,
  modelReferenceSchema,
  textSourceSchema,
  type ConversionRequest,
  type DeviceChoice,
  type SpellmMode,
  type TokenSymbols,
} from '../../../src-main/contract/index.ts'
import { strings } from '../../strings/index.ts'
import { maxAutomaticLimit, parseAlphabetSpecification } from './alphabet-choice.ts'

const contractShape = conversionRequestSchema.shape

/** The contract's schemas of the settings that are typed. */
const typedSettings = {
  tokens: contractShape.tokens.unwrap(),
  epochs: contractShape.epochs.unwrap(),
  batchTokens: contractShape.batchTokens.unwrap(),
  seed: contractShape.seed.unwrap(),
} as const
type WholeSetting = keyof typeof typedSettings

/** What was typed into a field; '' stands for the engine's default. */
const typed = z.string().max(1_000)

/** What a person has chosen so far, as the fields show it: it may be incomplete or wrong. */
export const draftSchema = z.object({
  step: z.int().min(0).max(3),
  base: modelReferenceSchema.nullable(),
  /** null: the usual one of the alphabet. */
  k: contractShape.k.unwrap().nullable(),
  alphabet: contractShape.alphabet.unwrap(),
  units: contractShape.units.unwrap(),
  /** Frequent whole tokens are symbols of their own, where tokens are spelled. */
  usesSymbols: z.boolean(),
  /** What is learnt from: the text that there is without files, texts in files, or answers to questions in files. */
  source: z.enum(['own', 'files', 'questions']),
  texts: textSourceSchema,
  questions: textSourceSchema,
  tokens: typed,
  epochs: typed,
  batchTokens: typed,
  seed: typed,
  adapterRate: typed,
  headsRate: typed,
  /** Numbers with commas between them. */
  adapterWidths: typed,
  /** How many there are, where there are any. */
  tokenSymbols: typed,
  /** null: as in the settings. */
  device: contractShape.device.unwrap().nullable(),
  /** null: what suits the spelling. */
  mode: contractShape.mode.unwrap().nullable(),
  samplingTail: z.boolean(),
  precision: contractShape.precision.unwrap(),
  keepCache: z.boolean(),
  /** null: a suggested one. */
  name: z.string().max(200).nullable(),
})
export type Draft = z.infer<typeof draftSchema>

export const emptyDraft: Draft = {
  step: 0,
  base: null,
  k: null,
  alphabet: 'auto',
  units: 'token',
  usesSymbols: true,
  source: 'own',
  texts: [],
  questions: [],
  tokens: '',
  epochs: '',
  batchTokens: '',
  seed: '',
  adapterRate: '',
  headsRate: '',
  adapterWidths: '',
  tokenSymbols: '',
  device: null,
  mode: null,
  samplingTail: false,
  precision: 'stored',
  keepCache: false,
  name: null,
}

/** What changes with the base model: the name that was suggested for it, and blocks that only the one before may have. */
export const changeOfBase = (base: string, { precision }: Pick<Draft, 'precision'>): Partial<Draft> => ({
  base,
  name: null,
  precision: precision === 'kept' ? emptyDraft.precision : precision,
})

/** The chosen k, else the usual one of the alphabet: pieces are longer than characters. */
export const lengthOf = ({ k, alphabet, units }: Pick<Draft, 'k' | 'alphabet' | 'units'>): number =>
  k ?? (units === 'token' && parseAlphabetSpecification(alphabet).kind === 'pieces' ? 4 : 12)

/** The fields that can be wrong. */
export type DraftField =
  WholeSetting | 'adapterRate' | 'headsRate' | 'adapterWidths' | 'tokenSymbols' | 'alphabet' | 'texts'

/** The fields that are folded away. */
export const advancedFields = [
  'epochs',
  'batchTokens',
  'adapterRate',
  'headsRate',
  'adapterWidths',
  'tokenSymbols',
  'seed',
  'precision',
  'keepCache',
] as const
export type AdvancedField = (typeof advancedFields)[number]

/** The advanced fields that aren't as they were at the beginning, of those that count. */
export function changedAdvancedFields(draft: Draft): AdvancedField[] {
  return advancedFields.filter(
    (field) => draft[field] !== emptyDraft[field] && (field !== 'tokenSymbols' || hasSymbols(draft)),
  )
}

/** Whether whole tokens get symbols of their own. Words are spelled without. */
export const hasSymbols = ({ units, usesSymbols }: Pick<Draft, 'units' | 'usesSymbols'>): boolean =>
  units === 'token' && usesSymbols

/** The alphabet of a draft. Groups are learnt with token symbols only. */
export const alphabetOf = (draft: Pick<Draft, 'alphabet' | 'units' | 'usesSymbols'>): string =>
  draft.alphabet === 'groups' && !hasSymbols(draft) ? emptyDraft.alphabet : draft.alphabet

/** Whether nothing is spelled, so that k says nothing. */
export const hasGroups = (draft: Pick<Draft, 'alphabet' | 'units' | 'usesSymbols'>): boolean =>
  alphabetOf(draft) === 'groups'

/** The chosen decode mode, else the one that suits the spelling: with token symbols, the base model's own text costs little. */
export const modeOf = (draft: Pick<Draft, 'mode' | 'units' | 'usesSymbols'>): SpellmMode =>
  draft.mode ?? (hasSymbols(draft) ? 'lossless' : 'trie')

/** A second tail learns the probabilities of tokens by their spellings only. */
export const canLearnSampling = (draft: Pick<Draft, 'units' | 'usesSymbols'>): boolean =>
  draft.units === 'token' && !hasSymbols(draft)

const symbolCount = z.int().min(1).max(1_000_000)

/** How many token symbols a draft asks for; null: what was typed is wrong. */
export function tokenSymbolsOf(
  draft: Pick<Draft, 'units' | 'usesSymbols' | 'tokenSymbols'>,
): TokenSymbols | null {
  if (!hasSymbols(draft)) return 0
  if (draft.tokenSymbols.trim() === '') return 'auto'
  return symbolCount.safeParse(Number(draft.tokenSymbols)).data ?? null
}

/** What a draft asks the engine for, or what is still wrong with it. */
export interface CheckedDraft {
  /** null while no model is chosen or something is wrong. */
  readonly request: ConversionRequest | null
  /** For each wrong field, what is expected. */
  readonly problems: Partial<Record<DraftField, string>>
}

/**
 * Turns what was typed into a request.
 *
 * @param device what the draft's null stands for
 */
export function checkDraft(draft: Draft, device: DeviceChoice): CheckedDraft {
  const words = strings.wizard.problems
  const problems: Partial<Record<DraftField, string>> = {}
  const wholes: Partial<Record<WholeSetting, number>> = {}
  for (const setting of Object.keys(typedSettings) as WholeSetting[]) {
    if (draft[setting].trim() === '') continue
    const schema = typedSettings[setting]
    const parsed = schema.safeParse(Number(draft[setting]))
    if (parsed.success) wholes[setting] = parsed.data
    else problems[setting] = words.wholeNumber(schema.minValue!, schema.maxValue!)
  }

  const rates = parseRates(draft, problems)
  const widths = parseWidths(draft.adapterWidths)
  if (widths === null) problems.adapterWidths = words.adapterWidths
  const tokenSymbols = tokenSymbolsOf(draft)
  if (tokenSymbols === null)
    problems.tokenSymbols = words.wholeNumber(symbolCount.minValue!, symbolCount.maxValue!)
  const alphabet = alphabetProblem(draft.alphabet)
  if (alphabet !== null) problems.alphabet = alphabet
  if (filesOf(draft)?.length === 0) problems.texts = words.noFiles

  if (draft.base === null || tokenSymbols === null || Object.keys(problems).length > 0)
    return { request: null, problems }
  return {
    request: {
      base: draft.base,
      texts: textsOf(draft),
      ...(sourceOf(draft) === 'questions' ? { questions: [...draft.questions] } : {}),
      k: hasGroups(draft) ? 1 : lengthOf(draft),
      alphabet: alphabetOf(draft),
      units: draft.units,
      tokenSymbols,
      device: draft.device ?? device,
      mode: modeOf(draft),
      samplingTail: draft.samplingTail && canLearnSampling(draft),
      precision: draft.precision,
      keepCache: draft.keepCache,
      ...wholes,
      ...(rates ? { peakLearningRates: rates } : {}),
      ...(widths ? { adapterWidths: widths } : {}),
    },
    problems,
  }
}

/** What a draft learns from. Answers are learnt from with token symbols only. */
export const sourceOf = (draft: Pick<Draft, 'source' | 'units' | 'usesSymbols'>): Draft['source'] =>
  draft.source === 'questions' && !hasSymbols(draft) ? 'own' : draft.source

/** The files that a draft has for its source; null: it needs none. */
function filesOf(draft: Draft): readonly string[] | null {
  const source = sourceOf(draft)
  if (source === 'own') return null
  return source === 'files' ? draft.texts : draft.questions
}

/** The text files that a draft learns from. */
export function textsOf({ source, texts }: Pick<Draft, 'source' | 'texts'>): string[] {
  return source === 'files' ? [...texts] : []
}

function parseRates(
  { adapterRate, headsRate }: Draft,
  problems: Partial<Record<DraftField, string>>,
): NonNullable<ConversionRequest['peakLearningRates']> | undefined {
  if (adapterRate.trim() === '' && headsRate.trim() === '') return undefined
  const { adapter, heads } = contractShape.peakLearningRates.unwrap().shape
  const adapterParsed = adapter.safeParse(Number(adapterRate))
  const headsParsed = heads.safeParse(Number(headsRate))
  const { rate, bothRates } = strings.wizard.problems
  if (!adapterParsed.success) problems.adapterRate = adapterRate.trim() === '' ? bothRates : rate
  if (!headsParsed.success) problems.headsRate = headsRate.trim() === '' ? bothRates : rate
  return adapterParsed.success && headsParsed.success
    ? { adapter: adapterParsed.data, heads: headsParsed.data }
    : undefined
}

/** undefined: none were typed; null: they are wrong. */
function parseWidths(text: string): number[] | undefined | null {
  if (text.trim() === '') return undefined
  const widths = text.split(',').map((width) => (width.trim() === '' ? Number.NaN : Number(width)))
  return contractShape.adapterWidths.unwrap().safeParse(widths).data ?? null
}

const halfOfSurrogatePair = /\p{Surrogate}/u

function alphabetProblem(specification: string): string | null {
  const words = strings.wizard.problems
  const choice = parseAlphabetSpecification(specification)
  if (choice.kind === 'custom' && choice.characters === '') return words.noCharacters
  if (choice.kind === 'custom' && halfOfSurrogatePair.test(choice.characters)) return words.halfCharacter
  if (
    choice.kind === 'auto' &&
    choice.limit !== null &&
    (choice.limit < 1 || choice.limit > maxAutomaticLimit)
  )
    return words.wholeNumber(1, maxAutomaticLimit)
  return null
}
