import type { LastPosition } from '../models/trunk-session.ts'
import type { Asked } from './asked.ts'

/** What a SpeLLM would write next. */
export interface Draft {
  /** A token, or those of a word; none: it has no exact score to go by. */
  readonly tokens: readonly number[]
  /** Whether it is sure enough to continue without the base model. */
  readonly isSure: boolean
}

/** Drafts what the base model is likely to write. */
export interface Drafter extends Asked {
  /** @param place of the next token in the text, with those that nobody has confirmed */
  draft(state: LastPosition, place: number): Promise<Draft>
}

/** The base model's LM head, looking at several states in one reading of its weights. */
export interface Verifier {
  /** Base mode's greedy choices: hidden [rows · d] → tokens [rows]. */
  choices(hidden: Float32Array): Promise<Int32Array>
  /** Logits [rows · V]. */
  logits(hidden: Float32Array): Promise<Float32Array>
}
