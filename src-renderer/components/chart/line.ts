import type { Column } from './decimation.ts'

/** One line of a chart. Its columns may grow in place; the chart learns of it from its source of changes. */
export interface Line {
  readonly label: string
  /** Ascending. */
  readonly x: Column
  /** The values, as many as `x` has. */
  readonly y: Column
  /** Number of its colour in the palette. */
  readonly color: number
  /** Number of its dash pattern; 0: solid. */
  readonly dash: number
  /** Whether it is drawn thin and pale, in the background. */
  readonly isFaint?: boolean
}
