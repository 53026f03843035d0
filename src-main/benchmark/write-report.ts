import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describeSystemError } from '../base/errors.ts'
import { writeFileAtomically, writeJsonAtomically } from '../base/atomic-file.ts'
import { benchmarkPlot } from './plot.ts'
import { benchmarkMarkdown, type TitledBenchmark } from './report.ts'

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
