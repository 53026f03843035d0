import { join } from 'node:path'
import type { TeacherCache } from '../distill/teacher-cache.ts'
import { mostWanted, tokenUsage } from '../distill/token-usage.ts'
import { nullIfNotFound } from '../base/errors.ts'
import { openSafetensors, readTensor, writeSafetensors } from '../formats/safetensors.ts'
import type { Tokenizer } from '../tokenizer/index.ts'
import type { BaseDistribution } from '../models/base-distribution.ts'
import type { Turn } from '../runtime/turns.ts'
import { alphabetSize, parseAlphabet, withTokenSymbols } from '../spelling/alphabet.ts'
import { groupAlphabet, groupCount, parseGroups } from '../spelling/groups.ts'
import { buildSpeller, type Speller } from '../spelling/speller.ts'
import type { ConversionSettings } from './settings.ts'

/** The share of the head's rows that the tail may read for a token without a doubt; the rest is for the context's. */
const budget = 0.13
/** Rows of context symbols that a usual text has. */
const usualContext = 128
/** A small vocabulary has no budget to speak of: there, symbols are for the quality. */
const leastSymbols = 1_024
/** So many are for the quality where the budget allows them: what is spelled is right less often than what is exact. */
const usualSymbols = 4_096
const multiple = 256

/**
 * How many token symbols fit the budget of bytes: the tail reads m rows of the head, the first head's A, the adapter's 3
 * matrices of each width and the members of learned groups, all of d columns.
 */
export function affordableSymbols(
  vocabularySize: number,
  {
    adapterWidths,
    symbols,
    members = 0,
  }: { readonly adapterWidths: readonly number[]; readonly symbols: number; readonly members?: number },
): number {
  const learnt = symbols + adapterWidths.reduce((sum, width) => sum + 3 * width, 0)
  const free = budget * vocabularySize - learnt - members - usualContext
  const rows = Math.floor(free / multiple) * multiple
  return Math.min(Math.floor(vocabularySize / 4), Math.max(leastSymbols, rows))
}

/** The share of picks without a token symbol that are in the context, which makes them exact as well. */
const shareInContext = 0.62

/**
 * How many tokens are worth being symbols. Each of their rows is read at every token, and spares a reading of all V rows where its
 * token is wanted and isn't in the context. So a row pays whose token is wanted more often than 2.6 times in V tokens. Of a
 * vocabulary of 256 k these are less than the budget.
 */
export function worthwhileSymbols(usage: Float64Array, vocabularySize: number): number {
  const total = usage.reduce((sum, own) => sum + own, 0)
  const count = usage.filter((own) => (1 - shareInContext) * own * vocabularySize > total).length
  return Math.max(usualSymbols, Math.ceil(count / multiple) * multiple)
}

/** The number of token symbols that are worthwhile and affordable. */
const usualCount = (
  usage: Float64Array,
  vocabularySize: number,
  tail: Parameters<typeof affordableSymbols>[1],
): number => Math.min(affordableSymbols(vocabularySize, tail), worthwhileSymbols(usage, vocabularySize))

export const usageFile = 'usage.safetensors'

/** How often the base model wants each token of the tokenizer, [V]: as stored with the run, or measured now. */
export async function runUsage(
  folder: string,
  cache: TeacherCache,
  {
    tokenizer,
    openBase,
    signal,
    turn,
  }: {
    readonly tokenizer: Pick<Tokenizer, 'vocabularySize'>
    readonly openBase: () => Promise<BaseDistribution>
    readonly signal?: AbortSignal | undefined
    readonly turn: Turn
  },
): Promise<Float64Array> {
  const path = join(folder, usageFile)
  const size = tokenizer.vocabularySize
  const stored = await storedUsage(folder)
  if (stored?.length === size) return stored
  const base = await openBase()
  try {
    // A resumed run counts with the same numbers.
    const usage = Float32Array.from((await tokenUsage(cache, base, { signal, turn })).subarray(0, size))
    await writeSafetensors(path, { usage: { dtype: 'F32', shape: [size], data: usage } })
    return Float64Array.from(usage)
  } finally {
    await base.release()
  }
}

/** What `runUsage` stored, [V]; null: nothing that can be read. */
export async function storedUsage(folder: string): Promise<Float64Array | null> {
  const stored = await openSafetensors(join(folder, usageFile)).catch(nullIfNotFound)
  const entry = stored?.tensors.get('usage')
  return entry?.dtype === 'F32' && entry.shape.length === 1
    ? Float64Array.from(await readTensor(entry))
    : null
}

type SpellerSettings = Pick<ConversionSettings, 'alphabet' | 'k' | 'tokenSymbols'>

/**
 * The speller with the token symbols that the base model wants most. Learned groups are as many as they will be, but hold
 * whatever tokens: `runSpeller` learns which.
 *
 * @param usage [V]
 * @throws SpellmError as `parseAlphabet`, `parseGroups` and `buildSpeller`
 */
export function symbolSpeller(
  { entries, vocabularySize }: Pick<Tokenizer, 'entries' | 'vocabularySize'>,
  usage: Float64Array,
  { alphabet, k, tokenSymbols }: SpellerSettings,
  adapterWidths: readonly number[],
): Speller {
  const asked = parseGroups(alphabet)
  if (asked) {
    const groups = groupCount(asked, vocabularySize)
    const tail = { adapterWidths, symbols: groups + 1, members: (asked.read * vocabularySize) / groups }
    const count = tokenSymbols === 'auto' ? usualCount(usage, vocabularySize, tail) : tokenSymbols
    const special = entries.flatMap((entry, token) => (entry.special ? [token] : []))
    const symbols = [...new Set([...special, ...mostWanted(usage, count)])]
    const groupOf = Int32Array.from(entries, (_, token) => token % groups)
    return buildSpeller(entries, groupAlphabet(groupOf, symbols, asked.read), 1)
  }
  const plain = parseAlphabet(alphabet, entries, usage)
  const symbols = alphabetSize({ ...plain, specialTokens: [] })
  const count =
    tokenSymbols === 'auto' ? usualCount(usage, vocabularySize, { adapterWidths, symbols }) : tokenSymbols
  return buildSpeller(entries, withTokenSymbols(plain, mostWanted(usage, count)), k, usage)
}
