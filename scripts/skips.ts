import { join, relative } from 'node:path'
import { z } from 'zod'

/** A test that a runner skipped. */
export interface SkippedTest {
  /** From the project's folder, with slashes. */
  readonly file: string
  readonly name: string
}

/** Tests that may be skipped where something is missing. */
export interface AllowedSkip {
  /** From the project's folder, with slashes. */
  readonly file: RegExp
  readonly name: RegExp
  /** What is missing, as it is printed. */
  readonly reason: string
  /** Whether it is missing here: elsewhere the tests have to run. */
  readonly isMissing: boolean
}

export interface JudgedSkips {
  /** Reason → the tests that are skipped for it. */
  readonly allowed: ReadonlyMap<string, readonly SkippedTest[]>
  readonly unexpected: readonly SkippedTest[]
}

/** Compares what was skipped with what may be. */
export function judgeSkips(skipped: readonly SkippedTest[], allowed: readonly AllowedSkip[]): JudgedSkips {
  const byReason = new Map<string, SkippedTest[]>()
  const unexpected: SkippedTest[] = []
  for (const test of skipped) {
    const entry = allowed.find(
      ({ file, name, isMissing }) => isMissing && file.test(test.file) && name.test(test.name),
    )
    if (!entry) unexpected.push(test)
    else byReason.set(entry.reason, [...(byReason.get(entry.reason) ?? []), test])
  }
  return { allowed: byReason, unexpected }
}

const unitReportSchema = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
})

/** The skipped tests of a report of Vitest's, and those that are still to be written. */
export function skippedUnitTests(report: unknown, root: string): SkippedTest[] {
  return unitReportSchema
    .parse(report)
    .testResults.flatMap(({ name, assertionResults }) =>
      assertionResults
        .filter(({ status }) => status !== 'passed' && status !== 'failed')
        .map(({ fullName }) => ({ file: withSlashes(relative(root, name)), name: fullName })),
    )
}

const specSchema = z.object({
  title: z.string(),
  file: z.string(),
  tests: z.array(z.object({ projectName: z.string(), status: z.string() })),
})
interface Suite {
  readonly title: string
  readonly file: string
  readonly specs: readonly z.infer<typeof specSchema>[]
  readonly suites?: readonly Suite[] | undefined
}
const suiteSchema: z.ZodType<Suite> = z.object({
  title: z.string(),
  file: z.string(),
  specs: z.array(specSchema),
  suites: z.lazy(() => z.array(suiteSchema).optional()),
})
const appReportSchema = z.object({
  config: z.object({ rootDir: z.string() }),
  suites: z.array(suiteSchema),
})

/** The skipped tests of a report of Playwright's; their names begin with the project's: '[electron] '. */
export function skippedAppTests(report: unknown, root: string): SkippedTest[] {
  const { config, suites } = appReportSchema.parse(report)
  const skippedOf = (suite: Suite, titles: readonly string[]): SkippedTest[] => [
    ...suite.specs.flatMap(({ title, file, tests }) =>
      tests
        .filter(({ status }) => status === 'skipped')
        .map(({ projectName }) => ({
          file: withSlashes(relative(root, join(config.rootDir, file))),
          name: `[${projectName}] ${[...titles, title].join(' ')}`,
        })),
    ),
    ...(suite.suites ?? []).flatMap((inner) => skippedOf(inner, [...titles, inner.title])),
  ]
  return suites.flatMap((file) => skippedOf(file, []))
}

const withSlashes = (path: string) => path.replaceAll('\\', '/')
