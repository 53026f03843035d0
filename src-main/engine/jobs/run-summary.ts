import { basename } from 'node:path'
import {
  conversionSettingsViewSchema,
  type ConversionSettingsView,
  type RunStatus,
  type RunSummary,
} from '../../contract/index.ts'
import { modelName } from '../library/model-library.ts'
import { conversionSettingsSchema } from '../../conversion/settings.ts'
import type { ActiveJob } from './active-job.ts'
import type { Job } from './stored-jobs.ts'
import type { StoredRun } from './stored-runs.ts'

/** All that is known of a run. */
export interface KnownRun {
  readonly folder: string
  /** What its folder says; null: it hasn't begun. */
  readonly stored: StoredRun | null
  /** What the queue says; null: it is finished, or was made elsewhere. */
  readonly job: Job | null
  readonly active: ActiveJob | null
  readonly isWaiting: boolean
  readonly sparkline: readonly number[]
}

/** What a list shows of a run. */
export function summariseKnownRun(run: KnownRun): RunSummary {
  const { folder, stored, job, active } = run
  const result = stored?.result ?? null
  const described = stored && stored.summary.status !== 'broken' ? stored.summary : null
  const settings = settingsView(described?.settings ?? job?.settings)
  const reference = described?.base.path ?? job?.settings.base ?? ''
  const status = statusOf(run)
  const steps = result?.steps ?? active?.journal.steps ?? job?.steps ?? null
  return {
    id: basename(folder),
    folder,
    status,
    created: described?.created ?? job?.created ?? '',
    base: { name: modelName(reference), reference },
    settings,
    // The last checkpoint also counts the steps of the tail for sampling.
    step:
      active?.journal.record.steps.at(-1)?.step ??
      result?.steps ??
      Math.min(described?.step ?? 0, steps ?? Infinity),
    steps,
    progress: active?.journal.progress ?? null,
    result,
    problem: problemOf(run, status),
    sparkline: [...run.sparkline],
  }
}

function statusOf({ stored, job, active, isWaiting }: KnownRun): RunStatus {
  if (active) return active.isEnding ? 'pausing' : 'running'
  if (isWaiting) return 'queued'
  if (stored && stored.summary.status !== 'paused') return stored.summary.status
  if (job?.status === 'active') return 'interrupted'
  return job?.status ?? 'paused'
}

function problemOf({ stored, job }: KnownRun, status: RunStatus): RunSummary['problem'] {
  if (status === 'failed') return job!.problem
  if (stored?.summary.status !== 'broken') return null
  return {
    code: 'run-corrupt',
    message: stored.summary.problem,
    remedy: 'Restore its folder from a backup, or delete the run.',
  }
}

/** Null for settings that the command line allows and the contract doesn't. */
function settingsView(settings: unknown): ConversionSettingsView | null {
  const complete = conversionSettingsSchema.safeParse(settings)
  return complete.success ? (conversionSettingsViewSchema.safeParse(complete.data).data ?? null) : null
}
