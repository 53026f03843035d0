import { cycled, dashPatterns, useChartColors } from './palette.ts'
import type { Line } from './line.ts'

/** A short piece of a line, as the legend shows it. */
export function LineSwatch({ color, dash, isFaint }: Pick<Line, 'color' | 'dash' | 'isFaint'>) {
  const { lines } = useChartColors()
  return (
    <svg width={26} height={8} aria-hidden style={{ flex: 'none' }}>
      <line
        x1={0}
        x2={26}
        y1={4}
        y2={4}
        stroke={cycled(lines, color)}
        strokeWidth={isFaint ? 1 : 2.5}
        strokeDasharray={cycled(dashPatterns, dash).join(' ')}
      />
    </svg>
  )
}
