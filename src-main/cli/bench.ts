import { Command } from 'commander'
import { openBenchmarkModel } from '../benchmark/benchmark-model.ts'
import { defaultTexts, runBenchmark } from '../benchmark/benchmark.ts'
import { openLlamaCpp } from '../benchmark/llama-cpp/peer.ts'
import { benchmarkNotes, benchmarkTable } from '../benchmark/report.ts'
import { writeBenchmarkReport } from '../benchmark/write-report.ts'
import { resolveModel } from '../hub/index.ts'
import type { Precision } from '../models/precision.ts'
import { integer, integerList } from './arguments.ts'
import { candidatesOption, gateShareOption, measuredModesOption } from './mode-options.ts'
import { interruptSignal, progressBar, table } from './output.ts'
import { precisionOption } from './precision-option.ts'
import { addSamplingOptions, samplingOf, type SamplingOptions } from './sampling-options.ts'
import { decodeModes, type DecodeMode } from '../spellm/decode-modes.ts'

interface BenchOptions extends SamplingOptions {
  readonly mode?: DecodeMode[]
  readonly candidates: number
  readonly gateShare: number
  readonly contexts: number[]
  readonly steps: number
  readonly texts: number
  readonly threads?: number
  readonly base?: string
  readonly precision?: Precision
  readonly llamaCpp?: string
  readonly out?: string
  readonly json: boolean
}

/** `spellm bench`. */
export function benchCommand(): Command {
  const command = new Command('bench')
    .description('Measure what a token costs on the CPU, with the base model and its SpeLLM in turns.')
    .argument('<folder>', "a run's or SpeLLM's folder, a model's folder, .gguf file or Hub id, or 'sample'")
    .addOption(measuredModesOption())
    .addOption(candidatesOption())
    .addOption(gateShareOption())
    .option(
      '--contexts <lengths>',
      'tokens in the cache, or of the prompts, separated by commas',
      integerList,
      [128],
    )
    .option('--steps <n>', 'measured passes of each part, or tokens of each text', integer(5), 96)
    .option(
      '--texts <n>',
      'prompts at each context that a SpeLLM with token symbols writes after',
      integer(1, 128),
      defaultTexts,
    )
  return addSamplingOptions(command)
    .option('--threads <n>', 'threads of one operator (default: one for each core)', integer(1, 1024))
    .option('--base <folder>', 'where the base model is, if it has moved')
    .addOption(precisionOption("the base model's weights (default: as the SpeLLM has learnt, or as stored)"))
    .option(
      '--llama-cpp <folder>',
      "also benchmark llama.cpp on the same shapes; the folder must contain node-llama-cpp ('npm install node-llama-cpp')",
    )
    .option('--out <folder>', 'write bench.json, bench.md and bench.svg')
    .option('--json', 'print as one line of JSON', false)
    .action(async (folder: string, { contexts: asked, ...options }: BenchOptions) => {
      const contexts = asked.toSorted((a, b) => a - b)
      const signal = interruptSignal()
      const quantising = progressBar('Quantising', 'weights')
      const model = await openBenchmarkModel(await resolveModel(folder), {
        precision: options.precision,
        quantization: { onQuantize: (done, total) => quantising.update(done, total), signal },
        ...(options.base === undefined ? {} : { basePath: await resolveModel(options.base) }),
      })
      quantising.end()
      const writing = progressBar('Writing random weights for llama.cpp', 'B')
      const peer =
        options.llamaCpp === undefined
          ? undefined
          : await openLlamaCpp(options.llamaCpp, model.base.architecture, model.precision, {
              contextLength: contexts.at(-1)! + 1,
              threads: options.threads,
              onProgress: (done, total) => writing.update(done, total),
              signal,
            })
      writing.end()
      const bar = progressBar('Measuring', 'steps')
      const result = await runBenchmark(model, {
        ...options,
        contexts,
        modes: options.mode ?? decodeModes,
        sampling: samplingOf(options),
        peer,
        signal,
        onProgress: (done, total) => bar.update(done, total),
      }).finally(() => peer?.close())
      bar.end()
      if (options.out !== undefined) await writeBenchmarkReport(options.out, [{ title: folder, result }])
      if (options.json) console.log(JSON.stringify(result))
      else console.log(`${table(benchmarkTable(result))}\n\n${benchmarkNotes(result).join('\n')}`)
    })
}
