/**
 * Prints the tests that were skipped, with the reason, and fails if one of them isn't in allowed-skips.ts. A report that
 * isn't there has none: test.mjs counts that.
 *
 *     tsx scripts/report-skips.ts VITEST.json PLAYWRIGHT.json
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { allowedSkips } from './allowed-skips.ts'
import { judgeSkips, skippedAppTests, skippedUnitTests, type SkippedTest } from './skips.ts'

const root = join(import.meta.dirname, '..')
const [unitReport, appReport] = process.argv.slice(2)
const read = (file: string | undefined, skippedOf: (report: unknown, root: string) => SkippedTest[]) =>
  file !== undefined && existsSync(file) ? skippedOf(JSON.parse(readFileSync(file, 'utf8')), root) : []
const print = (heading: string, tests: readonly SkippedTest[]) =>
  console.log([heading, ...tests.map(({ file, name }) => `    ${file}: ${name}`)].join('\n'))

const { allowed, unexpected } = judgeSkips(
  [...read(unitReport, skippedUnitTests), ...read(appReport, skippedAppTests)],
  allowedSkips,
)
for (const [reason, tests] of allowed) print(`skipped: ${reason}`, tests)
if (unexpected.length > 0)
  print('skipped, and scripts/allowed-skips.ts has no reason for it here:', unexpected)
process.exit(unexpected.length > 0 ? 1 : 0)
