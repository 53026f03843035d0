import { extendSmoothed, smooth } from '../components/chart/smoothing.ts'
import type { RunCurves } from './run-curves.ts'
import type { SmoothedHistory } from './use-histories.ts'

/** A history whose columns grow in place with the curves that they come from. */
export interface LiveHistory {
  readonly history: SmoothedHistory
  /** Takes in what the curves have gained. */
  readonly extend: () => void
}

/**
 * Follows the curves of a run.
 *
 * @param stride what a step counts on the axis
 */
export function followCurves(id: string, curves: RunCurves, smoothing: number, stride: number): LiveHistory {
  const smoothed = smooth(curves.loss, smoothing, curves.rewrites)
  const step: number[] = []
  const evaluationStep: number[] = []
  let cuts = curves.rewrites
  const extendScaled = (scaled: number[], source: readonly number[]) => {
    for (let index = scaled.length; index < source.length; index++) scaled.push(stride * source[index]!)
  }
  const extend = () => {
    if (cuts !== curves.rewrites) {
      step.length = 0
      evaluationStep.length = 0
      cuts = curves.rewrites
    }
    extendScaled(step, curves.step)
    extendScaled(evaluationStep, curves.evaluationStep)
    extendSmoothed(smoothed, cuts)
  }
  extend()
  const { trieAgreement, freeAgreement } = curves
  const history = { id, step, smoothedLoss: smoothed.values, evaluationStep, trieAgreement, freeAgreement }
  return { history, extend }
}
