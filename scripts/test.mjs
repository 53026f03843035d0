/**
 * Every check of the project: formatting, lint with the import rules, unused code, types, tests, and the whole app in
 * a browser. Prints what was skipped, which has to be allowed, and the sum of all suites as its last line,
 * `N passed, N failed`.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projects } from './projects.mjs'

const root = join(import.meta.dirname, '..')
const scratch = mkdtempSync(join(tmpdir(), 'spellm-test-'))
const bin = (name) => join(root, 'node_modules/.bin', name)
const run = (command, args, env = {}) =>
  spawnSync(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  }).status === 0

const total = { passed: 0, failed: 0, skipped: 0 }

/** What a runner's report says; a runner that left none, or failed without a failed test, counts as a failure. */
function count(name, hasSucceeded, read) {
  try {
    const { passed, failed, skipped } = read()
    total.passed += passed
    total.failed += hasSucceeded ? failed : Math.max(failed, 1)
    total.skipped += skipped
  } catch (error) {
    console.error(`${name} left no report (${error.message})`)
    total.failed++
  }
}

const checks = [
  ['formatting', 'prettier', ['--check', '--log-level', 'warn', '.']],
  ['lint', 'eslint', ['.']],
  ['nothing unused', 'knip', ['--no-progress', '--treat-config-hints-as-errors']],
  ...projects.map(([name, folder]) => [name, 'tsc', ['--noEmit', '-p', folder]]),
]
function check(name, command, args) {
  const ok = run(bin(command), args)
  console.log(`${ok ? '✓' : '✗'} ${name}`)
  if (ok) total.passed++
  else total.failed++
}
for (const [name, command, args] of checks) check(name, command, args)

const unitReport = join(scratch, 'vitest.json')
const unit = run(bin('vitest'), [
  'run',
  '--coverage',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${unitReport}`,
])
count('vitest', unit, () => {
  const report = JSON.parse(readFileSync(unitReport, 'utf8'))
  return { passed: report.numPassedTests, failed: report.numFailedTests, skipped: report.numPendingTests }
})

const appReport = join(scratch, 'playwright.json')
const app = run(bin('playwright'), ['test', '--reporter=list,json'], {
  PLAYWRIGHT_JSON_OUTPUT_FILE: appReport,
})
count('Playwright', app, () => {
  const { expected, unexpected, flaky, skipped } = JSON.parse(readFileSync(appReport, 'utf8')).stats
  return { passed: expected + flaky, failed: unexpected, skipped }
})

check('skipped tests', 'tsx', ['scripts/report-skips.ts', unitReport, appReport])

rmSync(scratch, { recursive: true, force: true })
const { passed, failed, skipped } = total
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exit(failed === 0 ? 0 : 1)
