/** Numbers in a row that can be read by index. */
export type Column = ArrayLike<number>

/** The first index whose value is at least `value`, in an ascending column; its length if there is none. */
export function firstIndexFrom(column: Column, value: number): number {
  let low = 0
  let high = column.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (column[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}

/** The index whose value is nearest in an ascending column; null if it is empty. */
export function nearestIndex(column: Column, value: number): number | null {
  if (column.length === 0) return null
  const after = firstIndexFrom(column, value)
  if (after === 0) return 0
  if (after === column.length) return after - 1
  return column[after]! - value < value - column[after - 1]! ? after : after - 1
}

/**
 * The points to draw of a line: within each of `buckets` equal stretches of x the first, the lowest, the
 * highest and the last, so that the picture is the same as with all points. One point more on either side
 * leads the line out of the picture.
 *
 * @param x ascending; `y` is as long
 */
export function decimate(
  x: Column,
  y: Column,
  from: number,
  to: number,
  buckets: number,
): { x: number[]; y: number[] } {
  const start = Math.max(0, firstIndexFrom(x, from) - 1)
  const end = Math.min(Math.min(x.length, y.length), firstIndexFrom(x, to) + 2)
  const kept = { x: [] as number[], y: [] as number[] }
  const keep = (index: number) => {
    kept.x.push(x[index]!)
    kept.y.push(y[index]!)
  }
  if (end - start <= 4 * buckets) {
    for (let index = start; index < end; index++) keep(index)
    return kept
  }
  const perBucket = (to - from) / buckets
  const bucketOf = (index: number) => Math.floor((x[index]! - from) / perBucket)
  for (let first = start; first < end;) {
    const bucket = bucketOf(first)
    let lowest = first
    let highest = first
    let last = first
    for (let index = first + 1; index < end && bucketOf(index) === bucket; index++) {
      if (y[index]! < y[lowest]!) lowest = index
      if (y[index]! > y[highest]!) highest = index
      last = index
    }
    const chosen = new Set([first, Math.min(lowest, highest), Math.max(lowest, highest), last])
    for (const index of chosen) keep(index)
    first = last + 1
  }
  return kept
}

/** The lowest and the highest value of a column from one index up to another; null if there is none. */
export function extremes(
  column: Column,
  start = 0,
  end = column.length,
): { min: number; max: number } | null {
  if (start >= end) return null
  let min = column[start]!
  let max = min
  for (let index = start + 1; index < end; index++) {
    const value = column[index]!
    if (value < min) min = value
    if (value > max) max = value
  }
  return { min, max }
}
