import { describe, expect, it } from 'vitest'
import { runsAsCsv, runsAsJson } from './export-runs.ts'
import { finishedRun, unfinishedRun } from './testing/runs.ts'

/** The fields of a CSV text, read after RFC 4180. */
function readCsv(csv: string): string[][] {
  return csv
    .split('\r\n')
    .slice(0, -1)
    .map((line) =>
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
        ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
      ),
    )
}

describe('the exported table', () => {
  it('has a line of names and a line for each run, unrounded', () => {
    const [names, line] = readCsv(runsAsCsv([finishedRun('first', { trie: 0.973123 })]))
    const field = (name: string) => line![names!.indexOf(name)]
    expect(field('name')).toBe('first')
    expect(field('trie')).toBe('0.973123')
    expect(field('seconds')).toBe('262.5')
    expect(field('created')).toBe('2026-03-01T00:00:00Z')
    expect(field('tailParameters')).toBe('1180000')
    expect(line).toHaveLength(names!.length)
  })

  it('leaves empty what is not known', () => {
    const [names, line] = readCsv(runsAsCsv([unfinishedRun('x')]))
    expect(line![names!.indexOf('trie')]).toBe('')
    expect(line).toHaveLength(names!.length)
  })

  it('survives commas and quotes in names', () => {
    const run = unfinishedRun('x', { base: { name: 'a "b", c', reference: 'r' } })
    const [names, line] = readCsv(runsAsCsv([run]))
    expect(line![names!.indexOf('base')]).toBe('a "b", c')
  })

  it('has nothing that a spreadsheet takes for a formula', () => {
    for (const name of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1'])
      expect(runsAsCsv([unfinishedRun(name)])).toContain(`'${name}`)
  })

  it('says the same as JSON', () => {
    const [run] = JSON.parse(runsAsJson([finishedRun('first', { trie: 0.9 })])) as [Record<string, unknown>]
    expect(run).toMatchObject({ name: 'first', trie: 0.9, k: 12, alphabet: 'auto', seconds: 262.5 })
  })
})
