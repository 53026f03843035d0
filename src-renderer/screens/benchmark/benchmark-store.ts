import { create } from 'zustand'
import type { Benchmark, BenchmarkEvent, ConsoleSource } from '../../../src-main/contract/index.ts'
import { engine } from '../../connection/engine.ts'
import { defaultForm, type BenchmarkForm, type parseForm } from './benchmark-form.ts'

/** A finished benchmark. */
export interface BenchmarkResult {
  /** The name of what is measured. */
  readonly name: string
  readonly result: Benchmark
  readonly markdown: string
}

/** What the benchmark shows, kept while other screens are open. */
export const useBenchmark = create<{
  /** Null: the newest run, or the first model. */
  readonly source: ConsoleSource | null
  readonly form: BenchmarkForm
  /** Progress of the benchmark that runs. */
  readonly progress: Extract<BenchmarkEvent, { type: 'progress' }> | null
  readonly finished: BenchmarkResult | null
  readonly error: unknown
}>(() => ({ source: null, form: defaultForm, progress: null, finished: null, error: null }))

export function changeForm(change: Partial<BenchmarkForm>): void {
  useBenchmark.setState(({ form }) => ({ form: { ...form, ...change } }))
}

let controller: AbortController | null = null

/** Measures a model. The last result stays until there is another one. */
export async function startBenchmark(
  source: ConsoleSource,
  name: string,
  options: NonNullable<ReturnType<typeof parseForm>['options']>,
): Promise<void> {
  controller = new AbortController()
  const { signal } = controller
  useBenchmark.setState({ progress: { type: 'progress', stage: 'opening', done: 0, total: 0 }, error: null })
  try {
    for await (const event of await engine.benchmark.run({ source, ...options }, { signal })) {
      if (event.type === 'progress') useBenchmark.setState({ progress: event })
      else useBenchmark.setState({ finished: { name, result: event.result, markdown: event.markdown } })
    }
  } catch (error) {
    if (!signal.aborted) useBenchmark.setState({ error })
  }
  useBenchmark.setState({ progress: null })
}

/** Ends the benchmark that runs. */
export function cancelBenchmark(): void {
  controller?.abort()
}
