import { useEffect, useMemo } from 'react'
import type { ChangeSource } from '../components/limited-rate.ts'
import { followCurves } from './live-history.ts'
import type { SmoothedHistory } from './use-histories.ts'
import { useRunCurves } from './use-run-curves.ts'

/**
 * The curves of a run that trains, in columns that grow.
 *
 * @param id null: none
 * @param stride what a step counts on the axis
 */
export function useLiveHistory(
  id: string | null,
  smoothing: number,
  stride: number,
): {
  /** null until they are there. */
  readonly history: SmoothedHistory | null
  readonly changes: ChangeSource
  readonly error: unknown
  readonly retry: () => void
} {
  const { curves, changes, error, retry } = useRunCurves(id)
  const live = useMemo(
    () => (curves && id !== null ? followCurves(id, curves, smoothing, stride) : null),
    [curves, id, smoothing, stride],
  )
  useEffect(() => {
    if (!live) return
    live.extend()
    return changes.subscribe(live.extend)
  }, [live, changes])
  return { history: live?.history ?? null, changes, error, retry }
}
