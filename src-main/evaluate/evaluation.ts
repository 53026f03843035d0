import type { Device } from '../runtime/devices/device.ts'
import type { Interval } from './clustered-share.ts'
import type { TextEvaluation } from './text-evaluation.ts'
import type { KindRow } from './mode-agreement.ts'
import type { RollOutDivergence, RollOuts } from './roll-outs.ts'
import type { ChoiceResults, ScoredChoiceTask } from './tasks/choice-tasks.ts'
import type { ExactResults, WrittenExactTask } from './tasks/exact-tasks.ts'
import type { DecodeMode } from '../spellm/decode-modes.ts'
import { namedFigures } from './tasks/named-figures.ts'
import type { NamedResults } from './tasks/named-results.ts'

/** One task file's results, with the tasks behind them; null where it has no tasks of that sort. */
export interface TaskEvaluation {
  readonly file: string
  readonly choice: { readonly results: ChoiceResults; readonly scored: readonly ScoredChoiceTask[] } | null
  readonly exact: { readonly results: ExactResults; readonly written: readonly WrittenExactTask[] } | null
}

/** All that an evaluation found. */
export interface Evaluation {
  /** The SpeLLM's folder. */
  readonly spellm: string
  readonly modes: readonly DecodeMode[]
  readonly text: TextEvaluation
  readonly gateShare: number
  readonly rollOuts: RollOuts
  /** Of files. */
  readonly tasks: readonly TaskEvaluation[]
  /** Of the Hub's data sets. */
  readonly namedTasks: readonly NamedResults[]
  readonly device: Device
}

/** The figures of an evaluation under the names that docs/evaluation.md explains. */
export function evaluationFigures({ text, gateShare, rollOuts, tasks, namedTasks, device }: Evaluation) {
  const { agreement, perplexity, spellmPerplexity, calibration, textCalibration, samplingTail } = text
  return {
    agreement: { positions: agreement.positions, ...mapValues(agreement.agreement, ({ value }) => value) },
    intervals: mapValues(agreement.agreement, bounds),
    candidates: text.candidates,
    gateShare,
    gatedBaseShare: text.gatedBaseShare,
    words: text.words && {
      positions: text.words.positions,
      exactness: mapValues(text.words.exactness, ({ value }) => value),
      intervals: mapValues(text.words.exactness, bounds),
      tokensPerStep: text.words.tokensPerStep,
    },
    kinds: mapValues(agreement.kinds, (rows: readonly KindRow[]) => rows),
    perplexity: perplexity.perplexity.value,
    perplexityInterval: bounds(perplexity.perplexity),
    perplexityTokens: perplexity.tokens,
    storedPerplexity: text.storedPerplexity?.perplexity.value ?? null,
    spellmPerplexity: spellmPerplexity.perplexity.value,
    spellmPerplexityInterval: bounds(spellmPerplexity.perplexity),
    spellmPerplexityTokens: spellmPerplexity.tokens,
    basePerplexityOnSameTokens: spellmPerplexity.basePerplexity,
    unsaidTokens: spellmPerplexity.unsaidTokens,
    calibrationError: calibration.expectedError,
    calibrationBins: calibration.bins,
    textCalibrationError: textCalibration.spellm.expectedError,
    baseTextCalibrationError: textCalibration.base.expectedError,
    samplingTail: samplingTail && {
      perplexity: samplingTail.perplexity.perplexity.value,
      perplexityInterval: bounds(samplingTail.perplexity.perplexity),
      textCalibrationError: samplingTail.textCalibration.expectedError,
    },
    rollOuts: rollOuts.divergence.map((mode) => ({
      ...mode,
      tokensPerHeadPass: mode.headPasses === 0 ? null : mode.tokens / mode.headPasses,
      stepsSaved: stepsSaved(mode),
    })),
    tasks: [
      ...namedTasks.map(namedFigures),
      ...tasks.map(({ file, choice, exact }) => ({
        file,
        choice: choice?.results ?? null,
        exact: exact?.results ?? null,
      })),
    ],
    device,
  }
}

/**
 * The share of the base model's passes over the trunk, one a token, that a mode saved on its own texts; below 0 where
 * lossless mode threw drafts away; null of no tokens.
 */
export function stepsSaved({ tokens, trunkPasses }: RollOutDivergence): number | null {
  return tokens === 0 ? null : 1 - trunkPasses / tokens
}

const bounds = ({ low, high }: Interval) => [low, high] as const

function mapValues<Key extends string, Value, Result>(
  values: Readonly<Partial<Record<Key, Value>>>,
  change: (value: Value) => Result,
): Partial<Record<Key, Result>> {
  return Object.fromEntries(
    Object.entries<Value>(values as Record<string, Value>).map(([key, value]) => [key, change(value)]),
  ) as Partial<Record<Key, Result>>
}
