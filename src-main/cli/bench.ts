import { Command } from 'commander'
import { findSpellm, openSpellm } from '../decode/spellm.ts'
import { measureTokenTimes, modeTimes } from '../evaluate/decode-benchmark.ts'
import { resolveModel } from '../hub/index.ts'
import type { Precision } from '../models/precision.ts'
import { integer, integerList } from './arguments.ts'
import { formatShare, interruptSignal, progressBar, table } from './output.ts'
import { precisionOption } from './precision-option.ts'

interface BenchOptions {
  readonly contexts: number[]
  readonly steps: number
  readonly threads?: number
  readonly base?: string
  readonly precision?: Precision
  readonly json: boolean
}

/** `spellm bench`. */
export function benchCommand(): Command {
  return new Command('bench')
    .description('Measure what a token costs on the processor, by the base model and by its SpeLLM.')
    .argument('<folder>', "a run's or SpeLLM's folder")
    .option('--contexts <lengths>', 'tokens in the cache, separated by commas', integerList, [128])
    .option('--steps <n>', 'tokens that are measured', integer(5), 60)
    .option('--threads <n>', 'threads of one operator (default: one for each core)', integer(1, 1024))
    .option('--base <folder>', 'where the base model is, if it has moved')
    .addOption(precisionOption("the base model's weights (default: as the SpeLLM has learnt)"))
    .option('--json', 'print as one line of JSON', false)
    .action(async (folder: string, options: BenchOptions) => {
      const { base, precision, speller, adapterWidths, weights } = await openSpellm(
        findSpellm(folder) ?? folder,
        {
          precision: options.precision,
          ...(options.base === undefined ? {} : { basePath: await resolveModel(options.base) }),
        },
      )
      const bar = progressBar('Measuring', 'tokens')
      const total = options.steps * options.contexts.length
      let done = 0
      const times = await measureTokenTimes(
        { base, speller, adapterWidths, weights, bits: precision === 'int4' ? 4 : 8 },
        {
          contexts: options.contexts,
          steps: options.steps,
          signal: interruptSignal(),
          onStep: () => bar.update(Math.min(++done, total), total),
          ...(options.threads === undefined ? {} : { threads: options.threads }),
        },
      )
      bar.end()
      const results = times.map((part) => ({ ...part, ...modeTimes(part) }))
      if (options.json) {
        console.log(JSON.stringify({ precision, results }))
        return
      }
      for (const result of results)
        console.log(
          table([
            [`context ${result.context}, ${precision}`, 'ms a token'],
            ['  trunk', milliseconds(result.trunk)],
            ["  base model's head", milliseconds(result.head)],
            ['  adapter and heads', milliseconds(result.tail)],
            ['  search in the trie', milliseconds(result.trieSearch)],
            ['base', milliseconds(result.base)],
            ['trie', milliseconds(result.trie)],
            ['free', milliseconds(result.free)],
            ['shortlist', milliseconds(result.shortlist)],
            ['saved by trie', `${formatShare(result.reduction)} of at most ${formatShare(result.limit)}`],
          ]),
        )
    })
}

const milliseconds = (value: number) => value.toFixed(3)
