import type { RunChange, RunSummary } from '../../src-main/contract/index.ts'

/** The list after a change; a run that wasn't there is added in front. */
export function applyRunChange(runs: readonly RunSummary[], change: RunChange): RunSummary[] {
  if (change.type === 'removed') return runs.filter(({ id }) => id !== change.id)
  const { run } = change
  return runs.some(({ id }) => id === run.id)
    ? runs.map((other) => (other.id === run.id ? run : other))
    : [run, ...runs]
}
