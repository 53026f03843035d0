import type { ContextSymbols } from './context-symbols.ts'

/** Tokens other than token symbols that a step has exact scores of: those of the context and of learned groups that it read. */
export interface ExactTokens extends Pick<ContextSymbols, 'count' | 'isPartial' | 'tokens' | 'firstSymbols'> {
  /** Groups that were read whole, so that nothing is left in them. */
  readonly known?: readonly number[]
}

/** What a step goes by: scores [m logits | A learnt | logits of the exact tokens]. */
export interface FirstStep {
  readonly scores: Float32Array
  readonly exact: ExactTokens
}
