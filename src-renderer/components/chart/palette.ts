import { useComputedColorScheme } from '@mantine/core'

/** How a chart is painted in one of the two themes. */
export interface ChartColors {
  readonly lines: readonly string[]
  readonly background: string
  readonly text: string
  readonly grid: string
}

/**
 * Lines that differ for colour-blind people too (after Okabe and Ito), with the contrast of 3 : 1 that WCAG
 * asks of graphics.
 */
export const chartColors: Record<'light' | 'dark', ChartColors> = {
  light: {
    lines: ['#0072b2', '#d55e00', '#00875f', '#a8487f', '#8a6100', '#4d4d4d'],
    background: '#ffffff',
    text: '#495057',
    grid: '#e9ecef',
  },
  dark: {
    lines: ['#56b4e9', '#ff9f4a', '#34c79a', '#e39bc4', '#f0e442', '#c9c9c9'],
    background: '#242424',
    text: '#b8b8b8',
    grid: '#3b3b3b',
  },
}

/** Dash patterns in pixels, so that lines can be told apart without colour. The first is solid. */
export const dashPatterns: readonly (readonly number[])[] = [
  [],
  [8, 4],
  [2, 3],
  [12, 3, 2, 3],
  [5, 2],
  [16, 6],
]

/** The colours of the theme that is shown. */
export function useChartColors(): ChartColors {
  return chartColors[useComputedColorScheme()]
}

/** The entry at `index` of a list that starts again at its end. */
export const cycled = <T>(list: readonly T[], index: number): T => list[index % list.length]!
