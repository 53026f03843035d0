import type { BaseHead } from './chooser.ts'
import type { Verifier } from './drafter.ts'

/** The base model's LM head, for one state and for several to be verified. */
export interface WholeHead extends BaseHead, Verifier {
  /** d, of a state. */
  readonly hiddenSize: number
  /** Rows that were scored again because rounding could have decided, so far. */
  readonly rescored: number
}
