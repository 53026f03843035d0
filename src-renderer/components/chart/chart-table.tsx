import { ScrollArea, Stack, Table, Text } from '@mantine/core'
import { strings } from '../../strings/index.ts'
import type { Line } from './line.ts'
import { summarize, tableRows, type Point } from './reading.ts'
import type { Range } from './zoom.ts'

const rowCount = 25

/** What a chart shows, as text: the extremes of each line, and values at positions spread over the range. */
export function ChartTable({
  lines,
  range,
  xName,
  formatX,
  formatY,
}: {
  readonly lines: readonly Line[]
  readonly range: Range
  readonly xName: string
  readonly formatX: (value: number) => string
  readonly formatY: (value: number) => string
}) {
  const rows = tableRows(lines, range, rowCount)
  if (rows.length === 0) return <Text>{strings.chart.noValues}</Text>
  const describe = ({ x, y }: Point) => strings.chart.valueAt(formatY(y), xName, formatX(x))
  return (
    <Stack gap="lg">
      <Table captionSide="top" withTableBorder>
        <Table.Caption>{strings.chart.summary}</Table.Caption>
        <Table.Thead>
          <Table.Tr>
            {[strings.chart.line, strings.chart.latest, strings.chart.lowest, strings.chart.highest].map(
              (heading) => (
                <Table.Th key={heading} scope="col">
                  {heading}
                </Table.Th>
              ),
            )}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {lines.map((line, index) => {
            const summary = summarize(line)
            return (
              <Table.Tr key={index}>
                <Table.Th scope="row">{line.label}</Table.Th>
                {summary ? (
                  [summary.latest, summary.lowest, summary.highest].map((point, column) => (
                    <Table.Td key={column}>{describe(point)}</Table.Td>
                  ))
                ) : (
                  <Table.Td colSpan={3}>{strings.chart.noValues}</Table.Td>
                )}
              </Table.Tr>
            )
          })}
        </Table.Tbody>
      </Table>
      <ScrollArea.Autosize mah={360} viewportProps={{ tabIndex: 0 }}>
        <Table captionSide="top" withTableBorder stickyHeader>
          <Table.Caption>{strings.chart.thinned(rows.length)}</Table.Caption>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{xName}</Table.Th>
              {lines.map(({ label }, index) => (
                <Table.Th key={index} scope="col">
                  {label}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map(({ x, values }) => (
              <Table.Tr key={x}>
                <Table.Th scope="row">{formatX(x)}</Table.Th>
                {values.map((value, index) => (
                  <Table.Td key={index}>{value === null ? strings.chart.none : formatY(value)}</Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ScrollArea.Autosize>
    </Stack>
  )
}
