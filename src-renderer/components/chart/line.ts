import type { Column } from './decimation.ts'

/** One line of a chart. Its columns may grow in place; the chart is told of it by its source of changes. */
export interface Line {
  readonly label: string
  /** Ascending. */
  readonly x: Column
  /** As long as `x`. */
  readonly y: Column
  /** Number of its colour in the palette. */
  readonly color: number
  /** Number of its dash pattern; 0: solid. */
  readonly dash: number
  /** In the background: thin and pale. */
  readonly isFaint?: boolean
}
