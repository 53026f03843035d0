import type { Precision } from '../models/precision.ts'
import type { WeightType } from '../models/weight-store.ts'
import type { Device } from '../runtime/devices/device.ts'
import type { BaselineResult } from './baselines/baseline.ts'
import type { ModeBytes } from './mode-bytes.ts'
import type { RollOutDivergence, RollOuts } from './roll-outs.ts'
import type { ChoiceResults, ScoredChoiceTask } from './tasks/choice-tasks.ts'
import type { ExactResults, WrittenExactTask } from './tasks/exact-tasks.ts'
import type { DecodeMode } from '../spellm/decode-modes.ts'
import type { NamedResults } from './tasks/named-results.ts'
import type { TextEvaluation } from './text-evaluation.ts'

/** One task file's results, with the tasks behind them; null where it has no tasks of that sort. */
export interface TaskEvaluation {
  readonly file: string
  readonly choice: { readonly results: ChoiceResults; readonly scored: readonly ScoredChoiceTask[] } | null
  readonly exact: { readonly results: ExactResults; readonly written: readonly WrittenExactTask[] } | null
}

/** What was looked at: a text that was given, new stories, or answers that the base model wrote itself. */
export type EvaluatedText = 'given' | 'stories' | 'own answers'

/** All that an evaluation found. */
export interface Evaluation {
  /** The SpeLLM's folder. */
  readonly spellm: string
  readonly modes: readonly DecodeMode[]
  readonly kind: EvaluatedText
  readonly text: TextEvaluation
  readonly gateShare: number
  /** What a token of each mode reads. */
  readonly bytes: ModeBytes
  readonly rollOuts: RollOuts
  /** Of files. */
  readonly tasks: readonly TaskEvaluation[]
  /** Of the Hub's data sets. */
  readonly namedTasks: readonly NamedResults[]
  /** None: they weren't asked for. */
  readonly baselines: readonly BaselineResult[]
  readonly device: Device
  /** How the base model's weights are computed with. */
  readonly precision: Precision
  /** The type in which they came quantised, such as 'Q4_1'; null: they came as floats. */
  readonly source: WeightType | null
}

/**
 * The share of the base model's passes over the trunk, one a token, that a mode saved on its own texts; below 0 where
 * lossless mode threw drafts away; null of no tokens.
 */
export function stepsSaved({ tokens, trunkPasses }: RollOutDivergence): number | null {
  return tokens === 0 ? null : 1 - trunkPasses / tokens
}
