import type { Architecture } from '../models/architecture.ts'
import type { BaseModel } from '../models/base-model.ts'
import type { RowLogits } from '../models/row-logits.ts'
import { seededRandom } from '../base/random.ts'
import type { Device } from '../runtime/devices/device.ts'
import type { Turn } from '../runtime/turns.ts'
import { alphabetSize } from '../spelling/alphabet.ts'
import type { RecordedDoubts } from '../spellm/doubts.ts'
import type { Spellm } from '../spellm/spellm.ts'
import type { Drafter } from './drafter.ts'
import type { KnownCosts } from './known-costs.ts'
import type { LoadedModel } from './load-model.ts'
import type { WholeHead } from './whole-head.ts'
import { longestGap } from './lossless.ts'
import { measureCosts, passCosts, type MeasuredCosts, type MeasuredParts } from './measure-costs.ts'
import { createPicker, type Picker } from './picker.ts'
import { chooseSettings, type LosslessSettings, type PassCosts } from './replay.ts'
import { isGreedy, type Sampling } from './sampling.ts'

/** How lossless mode is set on this machine, and what it is expected to come to. */
export interface LosslessPlan extends LosslessSettings {
  /** The costs that it is computed from. */
  readonly costs: MeasuredCosts
}

/** The threshold and steps that pay best for a SpeLLM whose doubts were recorded, and keep nobody waiting. */
export function planLossless(doubts: RecordedDoubts, costs: MeasuredCosts): LosslessPlan {
  const reckoned = passCosts(costs)
  return {
    ...chooseSettings(doubts, reckoned, {
      mostSteps: mostSteps(reckoned),
      baseToken: costs.trunk + costs.baseHead,
    }),
    costs,
  }
}

/** More states than these don't wait for one verification. */
const mostPending = 32

/** The most steps that are drafted and verified within `longestGap`, from 1. */
export function mostSteps({ trunk, tail, head }: PassCosts): number {
  let steps = 1
  while (steps < mostPending && (steps + 1) * (trunk + tail) + head(steps + 1) <= longestGap) steps++
  return steps
}

/** What a model's costs are measured on, and what they depend on. */
export interface CostParts {
  readonly loaded: Pick<LoadedModel, 'trunk' | 'head' | 'int8' | 'findNear' | 'rowLogits'>
  readonly base: BaseModel
  readonly spellm: Spellm
  readonly device: Device
  readonly threads: number | undefined
  readonly knownCosts: KnownCosts
  /** The ids of a text. */
  readonly tokenize: (text: string) => number[]
  /** Drafts for a text of its own, without reading any learned group. */
  readonly drafterOf: (picker: Picker) => Drafter
}

/** The costs of a text that begins with about `context` tokens; they are measured where they aren't known. */
export type CostsOf = (sampling: Sampling | null, context: number, turn?: Turn) => Promise<MeasuredCosts>

/** A text that most models can continue: costs are measured on its states. */
const plainText =
  'On Monday the market opens at eight. Farmers bring bread, cheese and apples, and by noon most of it is sold. On Tuesday the market opens at nine, on Wednesday at ten.'
const plainTokens = 48

/** Tokens of a plain English text, whose states costs are measured on (`MeasuredParts.text`). */
export const plainTextTokens = (
  tokenize: (text: string) => readonly number[],
  { contextLength }: Pick<Architecture, 'contextLength'>,
): readonly number[] => tokenize(plainText).slice(0, Math.min(plainTokens, contextLength))

/** Costs of a loaded SpeLLM with token symbols, kept by everything that they depend on. */
export function createCosts({ loaded, base, spellm, device, threads, ...parts }: CostParts): CostsOf {
  const { architecture, dtype } = base
  const { speller, baseSha256, precision, adapterWidths, contextSymbols } = spellm
  const { alphabet, k } = speller
  const readingAlong = (doubts: RecordedDoubts | null | undefined) =>
    readingOf(doubts?.rowsRead, loaded.rowLogits, architecture)
  const greedyReading = readingAlong(spellm.doubts)
  const drawnReading = readingAlong(spellm.doubts?.drawn) ?? greedyReading
  const text = plainTextTokens(parts.tokenize, architecture)
  const symbols = [alphabetSize(alphabet), alphabet.tokenSymbols?.length, contextSymbols]
  const tail = [k, adapterWidths, ...symbols]
  const model = [baseSha256, dtype, precision, device, threads ?? null, tail]
  return (sampling, context, turn) => {
    const rounded = roundedContext(context)
    const reading = isGreedy(sampling) ? greedyReading : drawnReading
    const key = JSON.stringify([...model, reading?.share, kindOf(sampling), rounded])
    const picker = createPicker(sampling, loaded.findNear)
    const measure = async (int8: WholeHead | null) => {
      const own = pickWith(await loaded.head(), picker, architecture.vocabularySize)
      const picks = { own, ...(int8 ? { int8: (hidden: Float32Array) => int8.choices(hidden) } : {}) }
      const drafter = parts.drafterOf(picker)
      const { trunk } = loaded
      const given = { ...(text.length > 1 ? { text } : {}), ...(reading ? { reading } : {}) }
      const measured = { trunk, drafter, picks, architecture, device, ...given }
      const result = await measureCosts(measured, rounded, turn)
      return { isKept: result.verifier === 'int8', result }
    }
    return parts.knownCosts.of(key, async () =>
      // Of logits, int8 has none that are exact.
      picker.isPlain ? loaded.int8.compare(measure) : (await measure(null)).result,
    )
  }
}

/**
 * Reads as many rows as steps with learned groups read on average, each time others. Texts come back to the same groups, so they
 * are of a few times as many rows: those that are read for the first time take several times as long.
 */
function readingOf(
  rowsRead: Int32Array | undefined,
  rows: RowLogits,
  { vocabularySize }: Architecture,
): MeasuredParts['reading'] {
  const counts = rowsRead?.filter((count) => count > 0)
  if (!counts || counts.length === 0) return undefined
  const random = seededRandom(0)
  const count = Math.round(counts.reduce((sum, own) => sum + own, 0) / counts.length)
  const within = Math.min(vocabularySize, 4 * count)
  return {
    share: counts.length / rowsRead!.length,
    read: (hidden) =>
      rows.logits(
        hidden,
        Array.from({ length: count }, () => random.below(within)),
      ),
  }
}

/** Picks after some states, hidden [rows · d], as `verify` does. */
function pickWith(head: WholeHead, picker: Picker, vocabularySize: number) {
  return async (hidden: Float32Array): Promise<void> => {
    if (picker.isPlain) {
      await head.choices(hidden)
      return
    }
    const logits = await head.logits(hidden)
    for (let start = 0; start < logits.length; start += vocabularySize)
      await picker.pickOfAll(logits.subarray(start, start + vocabularySize), 0)
  }
}

/** Contexts that are measured: four times as many tokens take a pass some percent longer. */
const measuredContexts = [128, 512, 2_048] as const

const roundedContext = (context: number) =>
  measuredContexts.find((tokens) => tokens >= context) ?? measuredContexts.at(-1)!

/** What a pick's time depends on: what is computed with all logits. */
function kindOf(sampling: Sampling | null): string {
  const picker = createPicker(sampling)
  if (picker.isPlain) return 'plain'
  const { temperature, topK, topP, minP } = sampling!
  const cuts = Object.entries({ topK, topP, minP }).flatMap(([name, value]) => (value ? [name] : []))
  return [temperature > 0 ? 'drawn' : 'greedy', ...cuts, ...(picker.isIdle ? [] : ['penalty'])].join()
}

/** What measured costs predict relative to base mode, whose own head looks at one state a token. */
export interface ExpectedSpeedups {
  /** Lossless mode's; where the verifier's head alone is faster than it, that one writes. */
  readonly lossless: number
  /** The speed of base mode's text by the exact int8 head alone; null: that isn't what verifies. */
  readonly int8Alone: number | null
}

export function expectedSpeedups({
  costs,
  msPerToken,
}: Pick<LosslessPlan, 'costs' | 'msPerToken'>): ExpectedSpeedups {
  const base = costs.trunk + costs.baseHead
  const alone = costs.trunk + passCosts(costs).head(1)
  return {
    lossless: base / Math.min(msPerToken, alone),
    int8Alone: costs.verifier === 'int8' ? base / alone : null,
  }
}
