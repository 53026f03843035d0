import { describe, expect, it } from 'vitest'
import type { RunSummary } from '../../src-main/contract/index.ts'
import { applyRunChange } from './run-list.ts'

const run = (id: string, step = 0): RunSummary => ({
  id,
  folder: id,
  status: 'running',
  created: '2026-01-01T00:00:00Z',
  base: { name: 'Sample model', reference: 'sample' },
  settings: null,
  step,
  steps: null,
  progress: null,
  result: null,
  problem: null,
  sparkline: [],
})

describe('the list of runs', () => {
  it('shows a changed run in its place', () => {
    expect(applyRunChange([run('a'), run('b'), run('c')], { type: 'changed', run: run('b', 7) })).toEqual([
      run('a'),
      run('b', 7),
      run('c'),
    ])
  })

  it('begins with a run that is new', () => {
    expect(applyRunChange([run('a')], { type: 'changed', run: run('b') })).toEqual([run('b'), run('a')])
  })

  it('forgets a removed run, and survives the removal of one that it never knew', () => {
    expect(applyRunChange([run('a'), run('b')], { type: 'removed', id: 'a' })).toEqual([run('b')])
    expect(applyRunChange([run('b')], { type: 'removed', id: 'a' })).toEqual([run('b')])
  })
})
