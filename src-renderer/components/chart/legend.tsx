import { Group, Text } from '@mantine/core'
import { useStore } from 'zustand'
import { strings } from '../../strings/index.ts'
import { redrawMilliseconds, useChanges, type ChangeSource } from '../limited-rate.ts'
import type { Line } from './line.ts'
import { LineSwatch } from './line-swatch.tsx'
import { valueAt } from './reading.ts'
import type { XAxis } from './x-axis.ts'

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
  useChanges(changes, redrawMilliseconds)
  const cursor = useStore(axis, (state) => state.cursor)
  return (
    <Group gap="2px 16px">
      {lines.map((line, index) => {
        const value = valueAt(line, cursor)
        return (
          <Group key={index} gap={6} wrap="nowrap">
            <LineSwatch {...line} />
            <Text size="xs" c="dimmed" lineClamp={1}>
              {line.label}
            </Text>
            <Text size="xs" fw={600} ff="monospace">
              {value === null ? strings.chart.none : formatY(value)}
            </Text>
          </Group>
        )
      })}
    </Group>
  )
}
