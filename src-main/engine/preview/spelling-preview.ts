import { setImmediate } from 'node:timers/promises'
import type { SpelledToken, SpellingPreview } from '../../contract/index.ts'
import { tailShape } from '../../spellm/tail-session.ts'
import type { Tokenizer } from '../../tokenizer/index.ts'
import { tailParameterCount } from '../../models/tail.ts'
import {
  alphabetSize,
  endSymbol,
  parseAlphabet,
  withTokenSymbols,
  type Alphabet,
} from '../../spelling/alphabet.ts'
import {
  corpusCoverage,
  coverageByK,
  mostFrequentTokens,
  vocabularyCoverage,
} from '../../spelling/coverage.ts'
import { describeSymbol } from '../../spelling/describe-symbol.ts'
import { spellingOf, statusOf, type Speller } from '../../spelling/speller.ts'
import { buildTextSpeller } from '../../spelling/text-speller.ts'
import { wordCoverage } from '../../spelling/word-coverage.ts'
import { hasPieces } from '../../spelling/pieces.ts'
import { withWords, type UnitKind } from '../../spelling/words.ts'
import { maxSpellingLength } from '../../spelling/spellings.ts'
import type { VocabularyEntry } from '../../tokenizer/vocabulary-entry.ts'
import { countedText, usageOf, type CorpusSample, type CorpusSamples } from './corpus-samples.ts'
import { createLru } from '../../base/lru.ts'
import { symbolSpeller } from '../../conversion/choose-symbols.ts'
import { tailShareOf } from '../../conversion/conversion-cost.ts'
import {
  defaultAdapterWidths,
  hasSymbols,
  symbolAdapterWidths,
  type ConversionSettings,
} from '../../conversion/settings.ts'

/** A choice of spelling for a model and a text. */
interface SpellingChoice {
  readonly model: string
  readonly texts: readonly string[]
  readonly k: number
  readonly alphabet: string
  readonly units: UnitKind
  /** Words are spelled without. */
  readonly tokenSymbols: ConversionSettings['tokenSymbols']
}

/** Answers what a choice of k and alphabet covers. */
export interface SpellingPreviews {
  /** Throws SpellmError as `CorpusSamples.sample` and `buildTextSpeller`. */
  preview(choice: SpellingChoice): Promise<SpellingPreview>
  /** How the tokens of a text would be spelled. Throws as `preview`. */
  spell(choice: SpellingChoice, text: string): Promise<SpelledToken[]>
}

/** Alphabets to compare with the one that was chosen. */
const comparedAlphabets = ['bytes', 'ascii', 'latin1', 'auto:64', 'auto:128', 'auto', 'auto:512']
/** Few tokens are longer; a larger k shows all that are possible. */
const usualMaxK = 24
const shownCharacters = 1_000
const shownProblems = 50
const tokensAround = 12

interface HeatmapRow {
  readonly specification: string
  readonly size: number
  /** Share of the text's tokens (or words) that is covered, for k from 1. */
  readonly covered: readonly number[]
}

/** Previews on what `corpora` read. */
export function createSpellingPreviews(corpora: CorpusSamples): SpellingPreviews {
  const rows = createLru<HeatmapRow>(64)

  const open = async ({ model, texts, ...choice }: SpellingChoice) => {
    const { base, tokenizer, stamp } = await corpora.model(model)
    const sample = await corpora.sample(model, texts)
    const { hiddenSize } = base.architecture
    const opened = { base, tokenizer, sample, stamp: sample?.stamp ?? stamp }
    if (hasSymbols(choice)) {
      const adapterWidths = symbolAdapterWidths(hiddenSize)
      const usage = usageOf(tokenizer.entries, sample)
      const speller = symbolSpeller(tokenizer, usage, choice, adapterWidths)
      return { ...opened, words: null, speller, adapterWidths }
    }
    const text = countedText(tokenizer.entries, sample, choice.units)
    const speller = buildTextSpeller(tokenizer.entries, text, choice)
    return { ...opened, words: text?.words ?? null, speller, adapterWidths: defaultAdapterWidths(hiddenSize) }
  }

  return {
    preview: async (choice) => {
      const { base, tokenizer, sample, words, stamp, speller, adapterWidths } = await open(choice)
      const { alphabet } = speller
      const { tokenSymbols } = alphabet
      const { entries } = tokenizer
      const counts = usageOf(entries, sample)
      const counted = words ? withWords(entries, words) : { entries, counts: sample?.counts }
      const maxK = choice.k <= usualMaxK ? usualMaxK : maxSpellingLength
      const heatmap: HeatmapRow[] = []
      // Groups cover every token whatever k is.
      const own = alphabet.unit === 'group' ? [] : [choice.alphabet]
      const compared = [...comparedAlphabets, ...(hasPieces(entries) ? ['pieces'] : [])]
      for (const specification of new Set([...own, ...compared])) {
        const key = JSON.stringify([stamp, maxK, specification, words !== null, tokenSymbols?.length])
        heatmap.push(
          await rows.get(key, async () => {
            // Let other requests in between.
            await setImmediate()
            const plain = parseAlphabet(specification, counted.entries, counted.counts)
            const compared = tokenSymbols ? withTokenSymbols(plain, tokenSymbols) : plain
            const table = coverageByK(counted.entries, compared, counted.counts ?? counts, maxK)
            const covered = table.map((share) => share.covered + share.symbol)
            return { specification, size: alphabetSize(compared), covered }
          }),
        )
      }
      const { hiddenSize, vocabularySize } = base.architecture
      const tail = tailShape(hiddenSize, adapterWidths, speller)
      return {
        alphabetSize: alphabetSize(alphabet),
        groups: alphabet.unit === 'group' ? alphabet.groups.length : 0,
        tokenSymbols: tokenSymbols?.length ?? 0,
        tailShare: tailShareOf(tail, speller, base.architecture),
        characters: shownSymbols(alphabet, entries),
        vocabulary: vocabularyCoverage(speller),
        corpus: corpusCoverage(speller, counts),
        words: words && wordCoverage(speller, entries, words),
        heatmap: {
          alphabets: heatmap.map(({ specification, size }) => ({ specification, size })),
          ks: Array.from({ length: maxK }, (_, i) => i + 1),
          covered: heatmap.map(({ covered }) => [...covered]),
        },
        problems: describeProblems(speller, tokenizer, counts, sample),
        parameters: {
          tail: tailParameterCount(tail),
          baseHead: vocabularySize * hiddenSize,
        },
        countedTokens: sample?.ids.length ?? 0,
      }
    },
    spell: async (choice, text) => {
      const { tokenizer, speller } = await open(choice)
      return tokenizer.encode(text).map((token) => describeToken(speller, tokenizer, token))
    },
  }
}

function shownSymbols(alphabet: Alphabet, entries: readonly VocabularyEntry[]): string[] {
  const length = alphabet.unit === 'group' ? 0 : Math.min(endSymbol(alphabet), shownCharacters)
  return Array.from({ length }, (_, symbol) => describeSymbol(alphabet, symbol, entries))
}

function describeToken(speller: Speller, tokenizer: Tokenizer, token: number): SpelledToken {
  const entry = tokenizer.entries[token]!
  return {
    token,
    text: entry.special ? entry.content : tokenizer.decodeContinuation([token]),
    // Which group a token is in is learnt by the run.
    symbols:
      speller.alphabet.unit === 'group'
        ? []
        : Array.from(spellingOf(speller, token), (symbol) =>
            describeSymbol(speller.alphabet, symbol, tokenizer.entries),
          ),
    status: statusOf(speller, token),
  }
}

function describeProblems(
  speller: Speller,
  tokenizer: Tokenizer,
  counts: Float64Array,
  sample: CorpusSample | null,
): SpellingPreview['problems'] {
  const total = counts.reduce((sum, count) => sum + count, 0)
  const problems = (['truncated', 'shadowed', 'uncovered'] as const)
    .flatMap((status) => mostFrequentTokens(speller, counts, status, shownProblems))
    .sort((a, b) => b.count - a.count || a.token - b.token)
    .slice(0, shownProblems)
  const places = firstPlaces(sample?.ids ?? new Int32Array(), new Set(problems.map(({ token }) => token)))
  return problems.map(({ token, count }) => {
    const place = places.get(token)
    const around = (from: number, to: number) =>
      place === undefined
        ? ''
        : tokenizer.decodeContinuation(sample!.ids.subarray(Math.max(0, place + from), place + to))
    return {
      ...describeToken(speller, tokenizer, token),
      count,
      share: count / total,
      example: { before: around(-tokensAround, 0), after: around(1, 1 + tokensAround) },
    }
  })
}

function firstPlaces(ids: Int32Array, tokens: ReadonlySet<number>): Map<number, number> {
  const places = new Map<number, number>()
  for (let i = 0; i < ids.length && places.size < tokens.size; i++)
    if (tokens.has(ids[i]!) && !places.has(ids[i]!)) places.set(ids[i]!, i)
  return places
}
