import type { ReadWindow } from './read-windows.ts'

/** A model's most likely token and its probability's logarithm. */
export interface Prediction {
  readonly pick: number
  readonly logProbability: number
}

/** What a tail says of the token that comes next. */
export interface Foretold {
  readonly prediction: Prediction
  /** Natural log-probability of a token among all that the SpeLLM emits; −∞: it never emits that one. */
  logProbability(token: number): number
}

/** What a SpeLLM makes of one position of a text. To be asked before the next position is. */
export interface Position extends Foretold {
  /** What each of the modes that are measured picks. */
  readonly picks: readonly (readonly number[])[]
  /** Whether trie mode's pick was spelled: it has no exact score. */
  readonly isSpelled: boolean
  /** Whether gated mode asks the base model. */
  readonly isDoubtful: boolean
  /**
   * Of a SpeLLM with token symbols: a token's log-probability by its exact logit and the learnt log-normaliser, which need
   * not add up to 1 over all tokens; null without.
   */
  readonly learntLogProbability: ((token: number) => number) | null
  /** Context symbols, and members of learned groups, whose rows are read. */
  readonly contextRows: number
  /** The probabilities by the tail for sampling; null: there is none. */
  readonly sampling: Foretold | null
}

/** Follows a text as a SpeLLM. */
export interface PositionReader {
  /** One position in this many is asked how likely tokens are among all that the SpeLLM emits, which takes long. */
  readonly ownEvery: number
  /** The positions of a window, in order; null for those that aren't counted. */
  positions(window: ReadWindow): AsyncIterable<Position | null>
  release(): Promise<void>
}
