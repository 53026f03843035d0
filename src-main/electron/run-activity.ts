import type { RunChange, RunSummary } from '../contract/index.ts'
import { strings } from './strings.ts'

/** What the desktop shows of the runs while their window may be out of sight. */
export interface RunActivity {
  /** Whether the machine must stay awake. */
  readonly isRunning: boolean
  /** Progress of the phase that runs, 0 to 1; null: not known, or nothing runs. */
  readonly progress: number | null
}

/** A message for a person who looks elsewhere. */
export interface RunNotice {
  readonly title: string
  readonly body: string
}

/** The runs by id, as they were last reported. */
export type Runs = ReadonlyMap<string, RunSummary>

/** The runs after a change. */
export function applyChange(runs: Runs, change: RunChange): Runs {
  const next = new Map(runs)
  if (change.type === 'removed') next.delete(change.id)
  else next.set(change.run.id, change.run)
  return next
}

export function runActivity(runs: Runs): RunActivity {
  const running = [...runs.values()].find(({ status }) => status === 'running' || status === 'pausing')
  const progress = running?.progress
  return {
    isRunning: running !== undefined,
    progress: progress && progress.total > 0 ? Math.min(1, progress.done / progress.total) : null,
  }
}

/** What there is to tell about a change: a run that was active came to its end. */
export function runNotice(runs: Runs, change: RunChange): RunNotice | null {
  if (change.type === 'removed') return null
  const { run } = change
  const before = runs.get(run.id)?.status
  if (before !== 'running' && before !== 'pausing') return null
  if (run.status === 'finished' && run.result)
    return {
      title: strings.run.finished,
      body: strings.run.agreement(run.id, run.result.agreement.trie),
    }
  if (run.status === 'failed' && run.problem)
    return { title: strings.run.failed, body: strings.run.problem(run.id, run.problem.message) }
  return null
}
