import { create } from 'zustand'

/** How curves are shown, on every screen that has some. */
export const useCurvePreferences = create<{
  /** Steps that the smoothed loss reaches back; 1: not smoothed. */
  readonly smoothing: number
  readonly isLogarithmic: boolean
}>(() => ({ smoothing: 20, isLogarithmic: false }))

export const smoothingChoices = [1, 5, 10, 20, 50, 100, 200, 500, 1_000] as const
