import { expect, test } from 'vitest'
import type { RunResult, RunStatus, RunSummary } from '../contract/index.ts'
import { applyChange, runActivity, runNotice, type Runs } from './run-activity.ts'

const result: RunResult = {
  agreement: { trie: 0.9734, free: 0.93, positions: 20_480 },
  tokens: 400_000,
  steps: 800,
  seconds: 240,
  textSeconds: null,
  k: 12,
  alphabetSize: 100,
  loss: 0.2,
  tokenSymbols: 0,
  tailShare: null,
  source: null,
  verdict: null,
  parameters: { tail: 1, baseHead: 2 },
}

const run = (id: string, status: RunStatus, parts: Partial<RunSummary> = {}): RunSummary => ({
  id,
  folder: `/runs/${id}`,
  status,
  created: '2026-03-01T12:00:00Z',
  base: { name: 'Sample model', reference: 'sample' },
  settings: null,
  step: 0,
  steps: null,
  progress: null,
  result: null,
  problem: null,
  sparkline: [],
  ...parts,
})

const runsOf = (...runs: RunSummary[]): Runs => new Map(runs.map((each) => [each.id, each]))
const changed = (to: RunSummary) => ({ type: 'changed', run: to }) as const

test('while a run is active its phase’s progress is shown', () => {
  const progress = { phase: 'train', done: 30, total: 120, rate: null, secondsLeft: null } as const
  const runs = runsOf(run('old', 'finished'), run('new', 'running', { progress }), run('next', 'queued'))
  expect(runActivity(runs)).toEqual({ isRunning: true, progress: 0.25 })
})

test('a run that has just started has no progress yet', () => {
  expect(runActivity(runsOf(run('new', 'running')))).toEqual({ isRunning: true, progress: null })
  const progress = { phase: 'check', done: 0, total: 0, rate: null, secondsLeft: null } as const
  expect(runActivity(runsOf(run('new', 'running', { progress })))).toEqual({
    isRunning: true,
    progress: null,
  })
})

test.each(['queued', 'paused', 'interrupted', 'finished', 'failed', 'broken'] as const)(
  'a run that is %s keeps no machine awake',
  (status) => expect(runActivity(runsOf(run('first', status))).isRunning).toBe(false),
)

test('changes add, replace and remove', () => {
  let runs: Runs = new Map()
  runs = applyChange(runs, changed(run('a', 'queued')))
  runs = applyChange(runs, changed(run('b', 'queued')))
  runs = applyChange(runs, changed(run('a', 'running')))
  expect([...runs.values()].map(({ status }) => status)).toEqual(['running', 'queued'])
  expect([...applyChange(runs, { type: 'removed', id: 'a' }).keys()]).toEqual(['b'])
})

test('the end of a run is told with its result', () => {
  const notice = runNotice(runsOf(run('first', 'running')), changed(run('first', 'finished', { result })))
  expect(notice).toEqual({
    title: 'Conversion finished',
    body: 'first agrees with its base model at 97.3 % of positions.',
  })
})

test('a failure is told with its message', () => {
  const problem = { code: 'disk-full', message: 'No space left.', remedy: 'Free some.' }
  const notice = runNotice(runsOf(run('first', 'running')), changed(run('first', 'failed', { problem })))
  expect(notice).toEqual({ title: 'Conversion failed', body: 'first: No space left.' })
})

test.each([
  ['a run that was finished already', runsOf(run('first', 'finished')), run('first', 'finished', { result })],
  ['a run that was not known', runsOf(), run('first', 'finished', { result })],
  ['a run that continues', runsOf(run('first', 'running')), run('first', 'running')],
  ['a run that was paused', runsOf(run('first', 'pausing')), run('first', 'paused')],
])('%s is no news', (_, runs, after) => {
  expect(runNotice(runs, changed(after))).toBeNull()
})
