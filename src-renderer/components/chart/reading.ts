import { extremes, nearestIndex } from './decimation.ts'
import type { Line } from './line.ts'
import type { Range } from './zoom.ts'

/**
 * The value of a line at the point nearest to a position.
 *
 * @param position null: the last point
 * @returns null for a line without points
 */
export function valueAt({ x, y }: Line, position: number | null): number | null {
  const index = position === null ? x.length - 1 : nearestIndex(x, position)
  return index === null ? null : (y[index] ?? null)
}

/** A value of a line and where it is. */
export interface Point {
  readonly x: number
  readonly y: number
}

/** What there is to say of a line in a few words; null for one without points. */
export interface LineSummary {
  readonly latest: Point
  readonly lowest: Point
  readonly highest: Point
}

export function summarize({ x, y }: Line): LineSummary | null {
  const range = extremes(y)
  if (!range) return null
  const first = (value: number): Point => ({ x: x[Array.prototype.indexOf.call(y, value)]!, y: value })
  return {
    latest: { x: x[x.length - 1]!, y: y[y.length - 1]! },
    lowest: first(range.min),
    highest: first(range.max),
  }
}

/** Values of several lines at the same positions. */
export interface TableRow {
  readonly x: number
  readonly values: readonly (number | null)[]
}

/**
 * Up to `rows` positions spread over a range, each with the value of every line there: positions are those
 * of the first line that has points.
 */
export function tableRows(lines: readonly Line[], [from, to]: Range, rows: number): TableRow[] {
  const leading = lines.find(({ x }) => x.length > 0)
  if (!leading) return []
  const inRange = Array.from(leading.x).filter((x) => x >= from && x <= to)
  const count = Math.min(rows, inRange.length)
  const chosen = Array.from(
    { length: count },
    (_, row) => inRange[count === 1 ? 0 : Math.round((row * (inRange.length - 1)) / (count - 1))]!,
  )
  return chosen.map((x) => ({ x, values: lines.map((line) => valueAt(line, x)) }))
}

/** The position one stride further along a line: at least its next point. */
export function nextPosition({ x }: Line, position: number, stride: number): number {
  const here = nearestIndex(x, position)
  if (here === null) return position
  const there = nearestIndex(x, position + stride)!
  const next = there === here ? here + Math.sign(stride) : there
  return x[Math.min(Math.max(next, 0), x.length - 1)]!
}
