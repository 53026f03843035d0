import { useStore } from 'zustand'
import { strings } from '../../strings/index.ts'
import { useChanges, type ChangeSource } from '../limited-rate.ts'
import type { Line } from './line.ts'
import { LineSwatch } from './line-swatch.tsx'
import { valueAt } from './reading.ts'
import type { XAxis } from './x-axis.ts'

/** Faster than this nobody reads. */
const renewalMilliseconds = 250

/** Every line with its value at the cursor, or its latest. */
export function Legend({
  lines,
  axis,
  changes,
  formatY,
}: {
  readonly lines: readonly Line[]
  readonly axis: XAxis
  readonly changes: ChangeSource
  readonly formatY: (value: number) => string
}) {
  useChanges(changes, renewalMilliseconds)
  const cursor = useStore(axis, (state) => state.cursor)
  return (
    <ul className="chart-legend">
      {lines.map((line, index) => {
        const value = valueAt(line, cursor)
        return (
          <li key={index}>
            <LineSwatch {...line} />
            <span className="chart-legend-label">{line.label}</span>
            <span className="chart-legend-value">{value === null ? strings.chart.none : formatY(value)}</span>
          </li>
        )
      })}
    </ul>
  )
}
