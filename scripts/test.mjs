/**
 * Every check of the project: formatting, lint with the import rules, types, tests. Prints the sum of all
 * suites as its last line, `N passed, N failed`.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const scratch = mkdtempSync(join(tmpdir(), 'spellm-test-'))
const bin = (name) => join(root, 'node_modules/.bin', name)
const run = (command, args) =>
  spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  }).status === 0

let passed = 0
let failed = 0
let skipped = 0
const checks = [
  ['formatting', 'prettier', ['--check', '--log-level', 'warn', '.']],
  ['lint', 'eslint', ['.']],
  ['types', 'tsc', ['--noEmit', '-p', '.']],
]
for (const [name, command, args] of checks) {
  const ok = run(bin(command), args)
  console.log(`${ok ? '✓' : '✗'} ${name}`)
  if (ok) passed++
  else failed++
}

const report = join(scratch, 'report.json')
run(bin('vitest'), ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`])
try {
  const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites, success } = JSON.parse(
    readFileSync(report, 'utf8'),
  )
  passed += numPassedTests
  // A file that fails to load has no test that failed.
  failed += Math.max(numFailedTests, numFailedTestSuites > 0 || !success ? 1 : 0)
  skipped += numPendingTests
} catch {
  console.error('vitest left no report')
  failed++
}
rmSync(scratch, { recursive: true, force: true })
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exit(failed === 0 ? 0 : 1)
