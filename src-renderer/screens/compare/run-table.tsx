import { Anchor, Button, Checkbox, Group, Table, Text, Tooltip, UnstyledButton } from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconDownload } from '@tabler/icons-react'
import { useMemo } from 'react'
import type { RunSummary } from '../../../src-main/contract/index.ts'
import { LineSwatch } from '../../components/chart/line-swatch.tsx'
import { Panel } from '../../components/panel.tsx'
import { paths } from '../../navigation.ts'
import { StatusLabel } from '../../runs/status-label.tsx'
import { strings } from '../../strings/index.ts'
import { choose, useCompare } from './compare-store.ts'
import { downloadText } from '../../components/download.ts'
import { runsAsCsv, runsAsJson } from './export-runs.ts'
import { runColumns, sortRuns, type RunColumn } from './run-columns.ts'
import './run-table.css'

const text = strings.compare

/** More lines can't be told apart. */
const mostChosen = 6

/** Every run with its settings and result: to be sorted, exported, and chosen for the curves. */
export function RunTable({ runs }: { readonly runs: readonly RunSummary[] }) {
  const order = useCompare((state) => state.order)
  const chosen = useCompare((state) => state.chosen)
  const sorted = useMemo(() => sortRuns(runs, order), [runs, order])
  const existing = chosen.filter((id) => runs.some((run) => run.id === id))
  const isFull = existing.length >= mostChosen
  return (
    <Panel
      title={text.runs}
      explanation={isFull ? text.selectionFull(mostChosen) : text.runsExplanation(mostChosen)}
      actions={
        <Group gap="xs" wrap="nowrap">
          <ExportButton
            label={text.exportCsv}
            onClick={() => downloadText(`${text.fileName}.csv`, 'text/csv', runsAsCsv(sorted))}
          />
          <ExportButton
            label={text.exportJson}
            onClick={() => downloadText(`${text.fileName}.json`, 'application/json', runsAsJson(sorted))}
          />
        </Group>
      }
    >
      <Table.ScrollContainer minWidth={1040} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
        <Table
          highlightOnHover
          highlightOnHoverColor="light-dark(var(--mantine-color-gray-0), var(--mantine-color-dark-6))"
          horizontalSpacing={6}
          verticalSpacing={4}
          className="run-table"
          aria-label={text.runs}
        >
          <Table.Thead>
            <Table.Tr>
              <Table.Td w={64} />
              {runColumns.map((column) => (
                <Heading key={column.id} column={column} />
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {sorted.map((run) => (
              <Row key={run.id} run={run} line={existing.indexOf(run.id)} canChoose={!isFull} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Panel>
  )
}

function ExportButton({ label, onClick }: { readonly label: string; readonly onClick: () => void }) {
  return (
    <Button
      size="xs"
      variant="default"
      leftSection={<IconDownload size={15} aria-hidden />}
      onClick={onClick}
    >
      {label}
    </Button>
  )
}

function Heading({ column: { id, isNumber } }: { readonly column: RunColumn }) {
  const { column, isDescending } = useCompare((state) => state.order)
  const isSorted = column === id
  const SortIcon = isDescending ? IconArrowDown : IconArrowUp
  return (
    <Table.Th
      scope="col"
      className={isNumber ? 'run-table-number' : undefined}
      aria-sort={isSorted ? (isDescending ? 'descending' : 'ascending') : 'none'}
    >
      <Tooltip label={text.columnHelp[id]} openDelay={400}>
        <UnstyledButton
          className="run-table-sort"
          aria-label={text.sortBy(text.columns[id])}
          onClick={() =>
            useCompare.setState({
              // Numbers are mostly wanted the largest first.
              order: { column: id, isDescending: isSorted ? !isDescending : isNumber },
            })
          }
        >
          {text.columns[id]}
          {isSorted && <SortIcon size={13} aria-hidden />}
        </UnstyledButton>
      </Tooltip>
    </Table.Th>
  )
}

function Row({
  run,
  line,
  canChoose,
}: {
  readonly run: RunSummary
  /** Which of the lines in the charts is this run's; -1: none. */
  readonly line: number
  readonly canChoose: boolean
}) {
  const isChosen = line >= 0
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap={8} wrap="nowrap">
          <Checkbox
            size="xs"
            aria-label={text.select(run.id)}
            checked={isChosen}
            disabled={!isChosen && (!canChoose || run.status === 'broken')}
            onChange={({ currentTarget }) => choose(run.id, currentTarget.checked)}
          />
          {isChosen && <LineSwatch color={line} dash={line} />}
        </Group>
      </Table.Td>
      {runColumns.map((column) =>
        column.id === 'name' ? (
          <Table.Th key="name" scope="row" className="run-table-name">
            <Anchor href={`#${paths.run(run.id)}`} inherit>
              {run.id}
            </Anchor>
          </Table.Th>
        ) : (
          <Table.Td key={column.id} className={column.isNumber ? 'run-table-number' : undefined}>
            <Cell run={run} column={column} />
          </Table.Td>
        ),
      )}
    </Table.Tr>
  )
}

function Cell({
  run,
  column: { id, value, format },
}: {
  readonly run: RunSummary
  readonly column: RunColumn
}) {
  if (id === 'status') return <StatusLabel status={run.status} />
  const known = value(run)
  return known === null ? (
    <Text span inherit c="dimmed">
      {text.unknown}
    </Text>
  ) : (
    format(known)
  )
}
