import { setTimeout } from 'node:timers/promises'
import type { BenchmarkEvent, BenchmarkRequest, ConsoleSource } from '../../contract/index.ts'
import { defaultGateShare } from '../../decode/calibrate-gate.ts'
import { defaultCandidates } from '../../decode/shortlist.ts'
import { CancelledError, SpellmError } from '../../base/errors.ts'
import { openBenchmarkModel } from '../../benchmark/benchmark-model.ts'
import { runBenchmark } from '../../benchmark/benchmark.ts'
import { benchmarkMarkdown } from '../../benchmark/report.ts'
import { attendTo, type Turns } from '../../runtime/turns.ts'
import { modelName, openReferencedModel } from '../library/model-library.ts'

/** Measures models, one at a time. */
export interface Benchmarks {
  /**
   * Ends early, without a result, when the signal fires.
   *
   * @throws SpellmError 'run-busy' while another benchmark runs, and as `openBenchmarkModel` and `runBenchmark`
   */
  run(request: BenchmarkRequest, signal: AbortSignal): AsyncGenerator<BenchmarkEvent>
}

/** How often a listener hears of progress. */
const progressMilliseconds = 200

/**
 * Benchmarks of this engine. Each step is a turn of its own, and training steps aside meanwhile.
 *
 * @param folderOf a run's folder
 * @param makeRoom releases models that nobody uses
 */
export function createBenchmarks(
  turns: Turns,
  {
    folderOf,
    makeRoom,
  }: { readonly folderOf: (id: string) => string; readonly makeRoom: () => Promise<void> },
): Benchmarks {
  let isBusy = false

  const measure = async (
    { source, modes, precision, contexts, steps, candidates, gateShare }: BenchmarkRequest,
    signal: AbortSignal,
    onProgress: (stage: 'quantising' | 'measuring', done: number, total: number) => void,
  ): Promise<BenchmarkEvent> => {
    await makeRoom()
    const model = await openBenchmarkModel(await pathOf(source, folderOf), {
      precision: precision ?? undefined,
      quantization: { signal, onQuantize: (done, total) => onProgress('quantising', done, total) },
    })
    const result = await runBenchmark(model, {
      contexts: contexts.toSorted((a, b) => a - b),
      steps,
      modes,
      candidates: candidates ?? defaultCandidates,
      gateShare: gateShare ?? defaultGateShare,
      signal,
      turn: turns.foreground,
      onProgress: (done, total) => onProgress('measuring', done, total),
    })
    const title = source.kind === 'run' ? source.id : modelName(source.reference)
    return {
      type: 'end',
      result: {
        ...result,
        contexts: result.contexts.map((costs) => ({
          ...costs,
          modes: [...costs.modes],
          parts: { ...costs.parts },
        })),
      },
      markdown: benchmarkMarkdown(title, result),
    }
  }

  return {
    run: async function* (request, listening) {
      if (isBusy)
        throw new SpellmError(
          'run-busy',
          'Another benchmark is already running.',
          'Wait until it is finished, or cancel it.',
        )
      isBusy = true
      const ending = new AbortController()
      const signal = AbortSignal.any([listening, ending.signal])
      let progress: BenchmarkEvent = { type: 'progress', stage: 'opening', done: 0, total: 0 }
      const measured = attendTo(turns, () =>
        measure(request, signal, (stage, done, total) => {
          progress = { type: 'progress', stage, done, total }
        }),
      )
      try {
        for (;;) {
          yield progress
          const end = await Promise.race([measured, setTimeout(progressMilliseconds, null)])
          if (end === null) continue
          yield end
          return
        }
      } catch (error) {
        // Nobody listens any more.
        if (!(error instanceof CancelledError && listening.aborted)) throw error
      } finally {
        ending.abort()
        await measured.catch(() => undefined)
        isBusy = false
      }
    },
  }
}

async function pathOf(source: ConsoleSource, folderOf: (id: string) => string): Promise<string> {
  if (source.kind === 'run') return folderOf(source.id)
  return (await openReferencedModel(source.reference)).folder
}
