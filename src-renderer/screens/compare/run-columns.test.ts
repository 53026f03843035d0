import { describe, expect, it } from 'vitest'
import type { RunSummary } from '../../../src-main/contract/index.ts'
import { runColumns, sortRuns } from './run-columns.ts'
import { finishedRun, unfinishedRun } from './testing/runs.ts'

const names = (runs: readonly RunSummary[]) => runs.map(({ id }) => id)

describe('sorting runs', () => {
  const runs = [
    finishedRun('run 10', { trie: 0.97, created: '2026-03-01T10:00:00Z' }),
    unfinishedRun('Run 9'),
    finishedRun('run 2', { trie: 0.9, created: '2026-03-02T09:00:00Z' }),
  ]

  it('puts numbers in names in their order', () => {
    expect(names(sortRuns(runs, { column: 'name', isDescending: false }))).toEqual([
      'run 2',
      'Run 9',
      'run 10',
    ])
  })

  it('puts what is not known last, upwards and downwards', () => {
    expect(names(sortRuns(runs, { column: 'trie', isDescending: false }))).toEqual([
      'run 2',
      'run 10',
      'Run 9',
    ])
    expect(names(sortRuns(runs, { column: 'trie', isDescending: true }))).toEqual([
      'run 10',
      'run 2',
      'Run 9',
    ])
  })

  it('sorts moments by time, not by how they are shown', () => {
    expect(names(sortRuns(runs, { column: 'created', isDescending: true })).slice(0, 2)).toEqual([
      'run 2',
      'run 10',
    ])
  })

  it('leaves the given list alone', () => {
    const before = names(runs)
    sortRuns(runs, { column: 'name', isDescending: true })
    expect(names(runs)).toEqual(before)
  })
})

describe('the columns', () => {
  const shown = (run: RunSummary, id: string) => {
    const { value, format } = runColumns.find((column) => column.id === id)!
    const known = value(run)
    return known === null ? null : format(known)
  }

  it('show a finished run', () => {
    const run = finishedRun('a', { trie: 0.9731 })
    expect([shown(run, 'trie'), shown(run, 'status'), shown(run, 'adapter')]).toEqual([
      '97.3%',
      'Finished',
      'auto',
    ])
  })

  it('show what is known of an unfinished one, such as its latest loss', () => {
    const run = unfinishedRun('a', { sparkline: [4, 2.5] })
    expect([shown(run, 'loss'), shown(run, 'trie'), shown(run, 'seconds')]).toEqual(['2.5', null, null])
  })

  it('cope with a run whose settings cannot be read', () => {
    const run = unfinishedRun('a', { status: 'broken', settings: null, created: '' })
    for (const { value } of runColumns.filter(({ id }) => !['name', 'status', 'base'].includes(id)))
      expect(value(run)).toBeNull()
  })
})
