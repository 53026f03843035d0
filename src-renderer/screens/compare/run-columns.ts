import type { RunSummary } from '../../../src-main/contract/index.ts'
import {
  formatCompact,
  formatCount,
  formatDuration,
  formatMoment,
  formatPercent,
  formatSignificant,
} from '../../strings/format.ts'
import { strings } from '../../strings/index.ts'

const text = strings.compare

type ColumnId = keyof typeof text.columns

/** A column of the table of runs. */
export interface RunColumn {
  readonly id: ColumnId
  /** What to sort by and to export; null: not known. */
  readonly value: (run: RunSummary) => string | number | null
  /** How a known value is shown. */
  readonly format: (value: string | number) => string
  readonly isNumber: boolean
}

const textColumn = (
  id: ColumnId,
  value: RunColumn['value'],
  format: (value: string) => string = (shown) => shown,
): RunColumn => ({ id, value, format: (known) => format(String(known)), isNumber: false })

const numberColumn = (
  id: ColumnId,
  value: (run: RunSummary) => number | null | undefined,
  format: (value: number) => string,
): RunColumn => ({
  id,
  value: (run) => value(run) ?? null,
  format: (known) => format(Number(known)),
  isNumber: true,
})

/** The columns of the table of runs, in their order. */
export const runColumns: readonly RunColumn[] = [
  textColumn('name', ({ id }) => id),
  textColumn(
    'status',
    ({ status }) => status,
    (status) => strings.runs.status[status as RunSummary['status']],
  ),
  textColumn('base', ({ base }) => base.name),
  numberColumn('k', ({ settings }) => settings?.k, formatCount),
  numberColumn('alphabetSize', ({ result }) => result?.alphabetSize, formatCount),
  numberColumn('tokens', ({ settings }) => settings?.tokens, formatCompact),
  numberColumn('epochs', ({ settings }) => settings?.epochs, formatCount),
  textColumn('adapter', ({ settings }) => settings && describeAdapter(settings.adapterWidths)),
  numberColumn('trie', ({ result }) => result?.agreement.trie, formatPercent),
  numberColumn('free', ({ result }) => result?.agreement.free, formatPercent),
  numberColumn('loss', ({ result, sparkline }) => result?.loss ?? sparkline.at(-1), formatSignificant),
  numberColumn('seconds', ({ result }) => result?.seconds, formatDuration),
  textColumn('created', ({ created }) => created || null, formatMoment),
]

function describeAdapter(widths: readonly number[] | undefined): string {
  if (widths === undefined) return text.adapterDefault
  return widths.length === 0 ? text.adapterNone : widths.join(' + ')
}

export interface SortOrder {
  readonly column: ColumnId
  readonly isDescending: boolean
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

/** The runs in an order; what is not known comes last either way. */
export function sortRuns(runs: readonly RunSummary[], { column, isDescending }: SortOrder): RunSummary[] {
  const { value } = runColumns.find(({ id }) => id === column)!
  return [...runs].sort((a, b) => {
    const [x, y] = [value(a), value(b)]
    if (x === null || y === null) return Number(x === null) - Number(y === null)
    const order =
      typeof x === 'number' && typeof y === 'number' ? x - y : collator.compare(String(x), String(y))
    return isDescending ? -order : order
  })
}
