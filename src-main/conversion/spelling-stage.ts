import type { HeadRows } from '../models/head-rows.ts'
import type { Checkpoint, Run } from '../runs/index.ts'
import type { JobOptions } from './events.ts'
import type { SpellingPlan } from './plan-spelling.ts'
import type { SampleWriter } from './sample-writer.ts'
import type { RunSettings } from './settings.ts'

/** What this session of a run goes by while heads learn to spell. */
export interface SpellingStage {
  readonly run: Run<RunSettings>
  readonly plan: SpellingPlan
  /** Of the LM head. */
  readonly rows: HeadRows
  /** null: none are shown. */
  readonly samples: SampleWriter | null
  /** What an earlier session saved; null: nothing. */
  readonly checkpoint: Checkpoint<SpellingProgress> | null
  /** That the run has taken, in all of its sessions. */
  readonly seconds: () => number
  readonly options: JobOptions
}

/** What a checkpoint says beside its tensors. */
export interface SpellingProgress {
  readonly seconds: number
  /** Steps that the tail for sampling has taken; null: the first tail is still learning. */
  readonly samplingSteps: number | null
}
