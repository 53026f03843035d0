import { expect, it } from 'vitest'
import { judgeSkips, skippedAppTests, skippedUnitTests, type AllowedSkip } from './skips.ts'

const withoutCard: AllowedSkip = {
  file: /^src-main\/webgpu\.test\.ts$/,
  name: /^on the card /,
  reason: 'no card',
  isMissing: true,
}
const onCard = { file: 'src-main/webgpu.test.ts', name: 'on the card adds' }

it('a skipped test passes where what it needs is missing, and is told with the reason', () => {
  expect(judgeSkips([onCard], [withoutCard])).toEqual({
    allowed: new Map([['no card', [onCard]]]),
    unexpected: [],
  })
})

it.each([
  ['its need is there', onCard, [{ ...withoutCard, isMissing: false }]],
  ['another test of its file is listed', { ...onCard, name: 'anywhere adds' }, [withoutCard]],
  ['its name is listed for another file', { ...onCard, file: 'src-main/cpu.test.ts' }, [withoutCard]],
  ['nothing is listed', onCard, []],
])('a skipped test is unexpected where %s', (_, test, allowed) => {
  const judged = judgeSkips([test], allowed)
  expect(judged.unexpected).toEqual([test])
  expect(judged.allowed.size).toBe(0)
})

it('a test is judged by the first entry that holds here', () => {
  const byTheSystem = { ...withoutCard, name: /./, reason: 'another system' }
  const judged = judgeSkips([onCard], [{ ...withoutCard, isMissing: false }, byTheSystem, withoutCard])
  expect([...judged.allowed.keys()]).toEqual(['another system'])
})

it('skipped and unwritten tests are found in a report of Vitest’s', () => {
  const result = (fullName: string, status: string) => ({ fullName, status })
  const assertionResults = [
    result('on the card adds', 'skipped'),
    result('on the card divides', 'todo'),
    result('adds', 'passed'),
    result('divides', 'failed'),
  ]
  const report = { testResults: [{ name: '/project/src-main/webgpu.test.ts', assertionResults }] }
  expect(skippedUnitTests(report, '/project')).toEqual([
    onCard,
    { file: 'src-main/webgpu.test.ts', name: 'on the card divides' },
  ])
})

it('skipped tests are found in a report of Playwright’s, however deep, with their project', () => {
  const spec = (title: string, browser: string, electron: string) => ({
    title,
    file: 'console.spec.ts',
    tests: [
      { projectName: 'browser', status: browser },
      { projectName: 'electron', status: electron },
    ],
  })
  const file = 'console.spec.ts'
  const report = {
    config: { rootDir: '/project/e2e' },
    suites: [
      {
        title: file,
        file,
        specs: [spec('opens', 'expected', 'skipped')],
        suites: [{ title: 'with runs', file, specs: [spec('answers', 'skipped', 'flaky')] }],
      },
    ],
  }
  expect(skippedAppTests(report, '/project')).toEqual([
    { file: 'e2e/console.spec.ts', name: '[electron] opens' },
    { file: 'e2e/console.spec.ts', name: '[browser] with runs answers' },
  ])
})
