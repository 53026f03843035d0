import { Group, Stack, Text } from '@mantine/core'
import { useRovingIndex } from '@mantine/hooks'
import { useEffect, useState } from 'react'
import type { SpellingPreview } from '../../../src-main/contract/index.ts'
import { formatCount, formatPercent } from '../../strings/format.ts'
import { strings } from '../../strings/index.ts'
import { parseAlphabetSpecification } from './alphabet-choice.ts'
import './coverage-heatmap.css'
import { coverageLevel, levelStarts, shortCoverage } from './coverage-level.ts'
import { heatmapRows, type HeatmapRow } from './heatmap-rows.ts'
import { lengthOf } from './draft.ts'
import { changeDraft, useDraft } from './wizard-store.ts'

const words = strings.wizard.spelling

/** What each alphabet covers for each k. Choosing a cell chooses both. */
export function CoverageHeatmap({ heatmap }: { readonly heatmap: SpellingPreview['heatmap'] }) {
  const { ks } = heatmap
  const rows = heatmapRows(heatmap)
  const { row: chosenRow, k, cell: chosen } = useChosenCell(rows, ks)
  const [pointed, setPointed] = useState<number | null>(null)
  const { getItemProps, setFocusedIndex } = useRovingIndex({
    total: rows.length * ks.length,
    columns: ks.length,
    initialIndex: chosen ?? 0,
  })
  // The tab key enters at the chosen cell, also when it was chosen elsewhere.
  useEffect(() => {
    if (chosen !== null) setFocusedIndex(chosen)
  }, [chosen])
  const shown = pointed !== null && pointed < rows.length * ks.length ? pointed : chosen

  return (
    <Stack gap="sm">
      <div className="heatmap-scroll">
        <table
          className="heatmap"
          role="grid"
          aria-label={words.heatmapLabel}
          onMouseLeave={() => setPointed(null)}
        >
          <thead>
            <tr>
              <th scope="col">{words.heatmapCorner}</th>
              {ks.map((columnK) => (
                <th key={columnK} scope="col" data-chosen={columnK === k || undefined}>
                  {columnK}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, rowIndex) => (
              <tr key={row.specification}>
                <th scope="row" data-chosen={rowIndex === chosenRow || undefined}>
                  {alphabetName(row.specification)} <span>{formatCount(row.size)}</span>
                </th>
                {row.covered.map((covered, column) => {
                  const index = rowIndex * ks.length + column
                  return (
                    <Cell
                      key={ks[column]}
                      choice={{ alphabet: row.specification, k: ks[column]! }}
                      index={index}
                      covered={covered}
                      isChosen={index === chosen}
                      onPoint={setPointed}
                      getItemProps={getItemProps}
                    />
                  )
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Group justify="space-between" gap="sm">
        <Text size="sm" className="heatmap-readout" aria-live="polite">
          {shown === null ? ' ' : describeCell(rows, ks, shown)}
        </Text>
        <Legend />
      </Group>
    </Stack>
  )
}

/** Where the draft's alphabet and k are: −1 and null where the heatmap doesn't have them. */
function useChosenCell(rows: readonly HeatmapRow[], ks: readonly number[]) {
  const alphabet = useDraft((draft) => draft.alphabet)
  const k = useDraft(lengthOf)
  const row = rows.findIndex(({ specification }) => specification === alphabet)
  const column = ks.indexOf(k)
  return { row, k, cell: row < 0 || column < 0 ? null : row * ks.length + column }
}

function Cell({
  choice,
  index,
  covered,
  isChosen,
  onPoint,
  getItemProps,
}: {
  /** What choosing it changes in the draft. */
  readonly choice: { readonly alphabet: string; readonly k: number }
  readonly index: number
  readonly covered: number
  readonly isChosen: boolean
  /** null: no cell any more. */
  readonly onPoint: (index: number | null) => void
  readonly getItemProps: ReturnType<typeof useRovingIndex>['getItemProps']
}) {
  return (
    <td
      role="gridcell"
      aria-selected={isChosen}
      data-level={coverageLevel(covered)}
      onMouseEnter={() => onPoint(index)}
      onFocus={() => onPoint(index)}
      onBlur={() => onPoint(null)}
      {...getItemProps({
        index,
        onClick: () => changeDraft(choice),
        onKeyDown: (event) => {
          if (event.key !== 'Enter' && event.key !== ' ') return
          event.preventDefault()
          changeDraft(choice)
        },
      })}
    >
      {shortCoverage(covered)}
    </td>
  )
}

function describeCell(rows: readonly HeatmapRow[], ks: readonly number[], index: number): string {
  const { specification, size, covered } = rows[Math.floor(index / ks.length)]!
  const column = index % ks.length
  return words.heatmapReadout(alphabetName(specification), size, ks[column]!, covered[column]!)
}

function Legend() {
  return (
    <Group gap={6} wrap="nowrap" aria-hidden>
      <Text size="xs" c="dimmed">
        {words.legend}
      </Text>
      <div className="heatmap-legend">
        {levelStarts.map((start, level) => (
          <span key={start} data-level={level}>
            {formatPercent(start, start > 0.99 ? 1 : 0)}
          </span>
        ))}
      </div>
    </Group>
  )
}

function alphabetName(specification: string): string {
  const choice = parseAlphabetSpecification(specification)
  if (choice.kind === 'auto' && choice.limit !== null) return words.alphabetName.autoLimit(choice.limit)
  if (choice.kind === 'pieces' && choice.count !== null) return words.alphabetName.piecesCount(choice.count)
  return words.alphabetName[choice.kind]
}
