import type { TargetCache } from '../distill/target-cache.ts'
import type { BaseModel } from '../models/base-model.ts'
import type { HeadRows } from '../models/head-rows.ts'
import type { TailShape } from '../models/tail.ts'
import type { Speller } from '../spelling/speller.ts'
import type { Tokenizer } from '../tokenizer/index.ts'
import type { SampleWriter } from './sample-writer.ts'
import type { StatesPlan } from './symbol-states.ts'

/** What a conversion with token symbols has planned. */
export interface SymbolPlan {
  readonly base: BaseModel
  readonly tokenizer: Tokenizer
  readonly adapterWidths: readonly number[]
  readonly states: StatesPlan
  /** Windows of a given text that the teacher reads at once. */
  readonly windowsAtOnce: number
}

/** What training and measuring need. */
export interface SymbolStage extends SymbolPlan {
  readonly shape: TailShape
  readonly speller: Speller
  readonly targets: TargetCache
  readonly usage: Float64Array
  readonly rows: HeadRows
  /** null: none are shown. */
  readonly samples: SampleWriter | null
  readonly questions: readonly (readonly number[])[]
  /** That the run has taken, in all of its sessions. */
  readonly seconds: () => number
  /** How many of these seconds the text took, with its states and the answers to measure by. */
  readonly textSeconds: number
}
