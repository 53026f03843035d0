import type { RunSummary } from '../../../src-main/contract/index.ts'
import { runColumns } from './run-columns.ts'

/** What is exported in addition to the columns of the table. */
const furtherValues: Record<string, (run: RunSummary) => string | number | null> = {
  alphabet: ({ settings }) => settings?.alphabet ?? null,
  batchTokens: ({ settings }) => settings?.batchTokens ?? null,
  seed: ({ settings }) => settings?.seed ?? null,
  device: ({ settings }) => settings?.device ?? null,
  steps: ({ result, steps }) => result?.steps ?? steps,
  tailParameters: ({ result }) => result?.parameters.tail ?? null,
  baseHeadParameters: ({ result }) => result?.parameters.baseHead ?? null,
}

function exportedRun(run: RunSummary): Record<string, string | number | null> {
  const columns = runColumns.map(({ id, value }) => [id, value(run)] as const)
  const further = Object.entries(furtherValues).map(([id, value]) => [id, value(run)] as const)
  return Object.fromEntries([...columns, ...further])
}

/** The table as JSON: a list of objects; shares from 0 to 1, seconds, ISO 8601. */
export function runsAsJson(runs: readonly RunSummary[]): string {
  return `${JSON.stringify(runs.map(exportedRun), null, 2)}\n`
}

/** The same as CSV (RFC 4180), with a line of names first. */
export function runsAsCsv(runs: readonly RunSummary[]): string {
  const names = [...runColumns.map(({ id }) => id), ...Object.keys(furtherValues)]
  const lines = [names, ...runs.map((run) => Object.values(exportedRun(run)))]
  return lines.map((fields) => `${fields.map(csvField).join(',')}\r\n`).join('')
}

/** A spreadsheet would run a text that begins like a formula. */
const formulaStart = /^[=+\-@\t\r]/

function csvField(value: string | number | null): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const harmless = formulaStart.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
