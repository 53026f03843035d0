import { useEffect, useMemo } from 'react'
import type { ChangeSource } from '../components/limited-rate.ts'
import { extendSmoothed, smooth } from '../components/chart/smoothing.ts'
import type { RunCurves } from './run-curves.ts'

/** The smoothed loss of a run, a column that grows with the curves. */
export function useSmoothedLoss(curves: RunCurves, changes: ChangeSource, window: number): readonly number[] {
  const smoothed = useMemo(() => smooth(curves.loss, window, curves.rewrites), [curves, window])
  useEffect(() => {
    const extend = () => extendSmoothed(smoothed, curves.rewrites)
    extend()
    return changes.subscribe(extend)
  }, [curves, smoothed, changes])
  return smoothed.values
}
