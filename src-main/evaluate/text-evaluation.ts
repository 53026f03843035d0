import type { Calibration } from './calibration.ts'
import type { Difference } from './examples.ts'
import type { ModeAgreement, TeacherForcedMode } from './mode-agreement.ts'
import type { Perplexity } from './perplexity.ts'
import type { WordExactness } from './word-exactness.ts'

/**
 * A SpeLLM's own perplexity, by probabilities that add up to 1 over what it says (`createSpellingDistribution`,
 * `symbolDistribution`).
 */
interface SpellingPerplexity extends Perplexity {
  /** The base model's on the same tokens. */
  readonly basePerplexity: number
  /** Tokens that are left out because the SpeLLM never says them. */
  readonly unsaidTokens: number
}

/** A perplexity by exact logits less the learnt log-normaliser, on the same tokens as the base model's. */
interface LearntPerplexity extends Perplexity {
  /** The error of the learnt log-normaliser that these tokens were scored with, in nats: learnt less true. */
  readonly error: { readonly mean: number; readonly deviation: number }
}

/** Picks without an exact score. */
export interface SpelledPicks {
  /** Over all picks. */
  readonly share: number
  /** The share of them that the base model picks, too, also where the text doesn't repeat itself; null of none. */
  readonly agreement: number | null
  readonly agreementNoLoops: number | null
}

/** What `evaluateText` finds. */
export interface TextEvaluation {
  readonly agreement: ModeAgreement
  /** The n of trie(n); null: it was not measured. */
  readonly candidates: number | null
  /** Trie mode's picks that were spelled; null: it was not measured. */
  readonly spelled: SpelledPicks | null
  /** Gated mode's share of positions that the base model's head decided; null: it was not measured. */
  readonly gatedBaseShare: number | null
  /** Context symbols, and members of learned groups, whose rows are read, a position on average. */
  readonly contextRows: number
  /** null: the SpeLLM says token by token. */
  readonly words: WordExactness | null
  /** The base model's. */
  readonly perplexity: Perplexity
  /** The base model's with weights as stored: what quantising costs; null: they are used so. */
  readonly storedPerplexity: Perplexity | null
  /** null: the SpeLLM has no token symbols. */
  readonly learntPerplexity: LearntPerplexity | null
  readonly spellmPerplexity: SpellingPerplexity
  /** How often trie mode's likeliest tokens are the base model's: of trie(0), or with token symbols of trie(n). */
  readonly calibration: Calibration
  /** How often picks are the tokens that follow in the text: the base model's greedy ones and trie mode's. */
  readonly textCalibration: { readonly base: Calibration; readonly spellm: Calibration }
  /** Figures of the tail for sampling, on the same tokens; null: the SpeLLM has none. */
  readonly samplingTail: { readonly perplexity: Perplexity; readonly textCalibration: Calibration } | null
  /** For each mode, some of the positions where it picks another token than the base model. */
  readonly differences: Readonly<Partial<Record<TeacherForcedMode, readonly Difference[]>>>
  /** The same for trie mode, by the kind of the base model's token: 'script Greek'. */
  readonly differencesByKind: ReadonlyMap<string, readonly Difference[]>
}
