/** A column smoothed by an exponential moving average, extended as its source grows. */
export interface SmoothedColumn {
  readonly source: readonly number[]
  /** As long as `source` at the last `extendSmoothed`. */
  readonly values: number[]
  /** Weight of each new value. */
  readonly weight: number
  /** The average before the correction of its start at 0, after the last value. */
  average: number
  /** How often the source was cut until then. */
  cuts: number
}

/**
 * @param window how many values the average reaches back; 1: no smoothing
 * @param cuts how often the source was cut so far
 */
export function smooth(source: readonly number[], window: number, cuts = 0): SmoothedColumn {
  const column: SmoothedColumn = { source, values: [], weight: 2 / (window + 1), average: 0, cuts }
  extendSmoothed(column, cuts)
  return column
}

/** Takes in what the source has gained; after a cut of the source everything is smoothed again. */
export function extendSmoothed(column: SmoothedColumn, cuts = 0): void {
  const { source, values, weight } = column
  if (cuts !== column.cuts) {
    values.length = 0
    column.average = 0
    column.cuts = cuts
  }
  for (let index = values.length; index < source.length; index++) {
    column.average += weight * (source[index]! - column.average)
    // The average starts at 0: without this correction the first values would be far too low.
    values.push(column.average / (1 - (1 - weight) ** (index + 1)))
  }
}
