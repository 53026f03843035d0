import { Table } from '@mantine/core'
import { strings } from '../../strings/index.ts'
import type { Benchmark } from '../../../src-main/contract/index.ts'

const text = strings.benchmark

/** What was measured of each mode at a context: a column a figure, a row a mode. */
export function ModeTable({
  context,
  minWidth,
  columns,
  rows,
}: {
  readonly context: number
  readonly minWidth: number
  /** Headings after the mode's name. */
  readonly columns: readonly string[]
  readonly rows: readonly {
    readonly mode: Benchmark['modes'][number]['mode']
    /** One for each column. */
    readonly cells: readonly string[]
  }[]
}) {
  return (
    <Table.ScrollContainer minWidth={minWidth} type="native" pos="relative">
      <Table aria-label={`${text.table}, ${text.atContext(context)}`} style={{ whiteSpace: 'nowrap' }}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{text.columns.mode}</Table.Th>
            {columns.map((column) => (
              <Table.Th key={column} scope="col" ta="right">
                {column}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(({ mode, cells }) => (
            <Table.Tr key={mode}>
              <Table.Th scope="row">{strings.console.modes[mode]}</Table.Th>
              {cells.map((cell, column) => (
                <Table.Td key={columns[column]} ta="right">
                  {cell}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}
