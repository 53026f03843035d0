import { useMemo } from 'react'
import type { RunSummary } from '../../../src-main/contract/index.ts'
import type { Line } from '../../components/chart/line.ts'
import { useCurvePreferences } from '../../runs/curve-preferences.ts'
import { useSmoothedHistories } from '../../runs/use-histories.ts'
import { useLiveHistory } from '../../runs/use-live-history.ts'
import { useCompare } from './compare-store.ts'

/**
 * The lines of several runs along the chosen axis, each with its own colour and dash. The line of a run that is training grows
 * with `live.changes`.
 */
export function useOverlaidLines(runs: readonly RunSummary[]) {
  const { axis, mode } = useCompare()
  const { smoothing } = useCurvePreferences()
  const strideOf = ({ settings }: RunSummary) => (axis === 'tokens' ? (settings?.batchTokens ?? 1) : 1)
  const training = runs.find(({ status }) => status === 'running' || status === 'pausing')
  const live = useLiveHistory(training?.id ?? null, smoothing, training ? strideOf(training) : 1)
  const { loaded, isLoading, error } = useSmoothedHistories(
    runs.filter((run) => run !== training),
    smoothing,
  )

  // As texts, so that the lines stay the same with each new list of the same runs.
  const names = runs.map(({ id }) => id).join('\n')
  const strides = runs.map((run) => (run === training ? 1 : strideOf(run))).join()

  const lines = useMemo(() => {
    const ids = names.split('\n')
    const byRun = strides.split(',').map(Number)
    const scaled = (steps: readonly number[], run: number) =>
      byRun[run] === 1 ? steps : steps.map((step) => step * byRun[run]!)
    const line = (run: number, id: string, x: readonly number[], y: readonly number[]): Line => ({
      label: id,
      x: scaled(x, run),
      y,
      color: run,
      dash: run,
    })
    const drawn = [...loaded, ...(live.history ? [live.history] : [])]
      .map((curves) => ({ ...curves, run: ids.indexOf(curves.id) }))
      .filter(({ run }) => run >= 0)
      .sort((a, b) => a.run - b.run)
    return {
      lossLines: drawn.map(({ id, run, step, smoothedLoss }) => line(run, id, step, smoothedLoss)),
      agreementLines: drawn.map(({ id, run, evaluationStep, trieAgreement, freeAgreement }) =>
        line(run, id, evaluationStep, mode === 'trie' ? trieAgreement : freeAgreement),
      ),
    }
  }, [loaded, live.history, names, strides, mode])
  const withoutCurve = loaded.filter(({ step }) => step.length === 0).map(({ id }) => id)
  return { ...lines, withoutCurve, live, isLoading, error }
}
