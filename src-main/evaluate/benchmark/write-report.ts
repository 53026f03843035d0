import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describeSystemError } from '../../errors.ts'
import { writeFileAtomically, writeJsonAtomically } from '../../formats/atomic-file.ts'
import type { Benchmark } from './benchmark.ts'
import { benchmarkPlot } from './plot.ts'
import { benchmarkMarkdown } from './report.ts'

/** Results with what they are of. */
export interface TitledBenchmark {
  readonly title: string
  readonly result: Benchmark
}

/** Writes `bench.json`, `bench.md` and `bench.svg`. Throws SpellmError for errors of the operating system. */
export async function writeBenchmarkReport(
  folder: string,
  results: readonly TitledBenchmark[],
): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (error) {
    throw describeSystemError(error, folder)
  }
  const markdown = results.map(({ title, result }) => benchmarkMarkdown(title, result)).join('\n')
  await writeJsonAtomically(join(folder, 'bench.json'), results)
  await writeFileAtomically(join(folder, 'bench.md'), (file) => file.writeFile(markdown))
  await writeFileAtomically(join(folder, 'bench.svg'), (file) => file.writeFile(benchmarkPlot(results)))
}
