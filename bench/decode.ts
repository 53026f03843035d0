/**
 * What a token costs: base model and SpeLLM modes by turns in one run, at the shapes of real models with random
 * weights, each precision in a process of its own:
 *
 *     npm run bench:decode -- [--shapes llama-3.2-1b,…] [--precisions fp32,int8,int4] [--contexts 128,512,2048]
 *                             [--steps 60] [--threads N] [--weights FOLDER] [--llama-cpp FOLDER] [--out FOLDER]
 *                             [--json]
 *
 * The tail has one block, as wide as 2.5 % of the LM head's weights allow, in the same precision; its vocabulary is a
 * real one. FOLDER of --llama-cpp is one where `npm install node-llama-cpp` was run (found by itself here and in the
 * working folder): llama.cpp then decodes the same shape in the same precision class in turns with ours. Writes
 * bench.json, bench.md and bench.svg to --out (default bench/results). docs/benchmark.md says what the numbers are.
 */
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { defaultCandidates } from '../src-main/decode/shortlist.ts'
import { untrainedModel } from '../src-main/benchmark/benchmark-model.ts'
import { runBenchmark, type Benchmark } from '../src-main/benchmark/benchmark.ts'
import { benchmarkMarkdown } from '../src-main/benchmark/report.ts'
import type { TitledBenchmark } from '../src-main/benchmark/report.ts'
import { writeBenchmarkReport } from '../src-main/benchmark/write-report.ts'
import { openBaseModel } from '../src-main/models/base-model.ts'
import { withPrecision, type Precision } from '../src-main/models/precision.ts'
import { withHugePages } from '../src-main/runtime/huge-pages.ts'
import { findLlamaCpp, openLlamaCpp } from '../src-main/benchmark/llama-cpp/peer.ts'
import { randomModel } from './models/random-model.ts'
import { realVocabulary } from './models/real-vocabulary.ts'
import { shapes, type ShapeName } from './models/shapes.ts'
import { decodeModes } from '../src-main/spellm/decode-modes.ts'

/** The random weights are stored in bfloat16, and computed with as float32. */
const precisions = { fp32: 'stored', int8: 'int8', int4: 'int4' } as const satisfies Record<string, Precision>
type PrecisionName = keyof typeof precisions

const { values: flags } = parseArgs({
  options: {
    shapes: { type: 'string', default: Object.keys(shapes).join() },
    precisions: { type: 'string', default: Object.keys(precisions).join() },
    contexts: { type: 'string', default: '128,512,2048' },
    steps: { type: 'string', default: '60' },
    threads: { type: 'string' },
    weights: { type: 'string', default: join(tmpdir(), 'spellm-bench-models') },
    'llama-cpp': { type: 'string' },
    out: { type: 'string', default: join(import.meta.dirname, 'results') },
    json: { type: 'boolean', default: false },
    /** One case, in a process of its own: SHAPE/PRECISION. */
    only: { type: 'string' },
  },
})

async function measure(shape: ShapeName, precisionName: PrecisionName): Promise<Benchmark> {
  const folder = await randomModel(shape, flags.weights)
  const stored = await openBaseModel(folder)
  const precision = precisions[precisionName]
  const base = await withPrecision(stored, precision, 'random', { folder })
  const contexts = flags.contexts.split(',').map(Number)
  const threads = flags.threads === undefined ? undefined : Number(flags.threads)
  const llamaCpp = flags['llama-cpp'] ?? findLlamaCpp([process.cwd(), join(import.meta.dirname, '..')])
  const peer =
    llamaCpp === undefined
      ? null
      : await openLlamaCpp(llamaCpp, base.architecture, precision, {
          folder,
          contextLength: Math.max(...contexts) + 1,
          threads,
        })
  try {
    return await runBenchmark(
      untrainedModel(base, precision, realVocabulary(base.architecture.vocabularySize)),
      {
        contexts,
        steps: Number(flags.steps),
        modes: decodeModes,
        candidates: defaultCandidates,
        threads,
        peer: peer ?? undefined,
      },
    )
  } finally {
    await peer?.close()
  }
}

async function measureInChild(shape: string, precision: string): Promise<Benchmark> {
  const child = spawn(
    process.execPath,
    [...process.execArgv, import.meta.filename, ...process.argv.slice(2), '--only', `${shape}/${precision}`],
    { stdio: ['ignore', 'pipe', 'inherit'], env: withHugePages(process.env) },
  )
  let output = ''
  child.stdout.on('data', (data: Buffer) => (output += data.toString()))
  const code = await new Promise((resolve) => child.on('close', resolve))
  if (code !== 0) throw new Error(`${shape} in ${precision} ended with ${String(code)}`)
  return JSON.parse(output) as Benchmark
}

if (flags.only !== undefined) {
  const [shape, precision] = flags.only.split('/') as [ShapeName, PrecisionName]
  console.log(JSON.stringify(await measure(shape, precision)))
} else {
  const results: TitledBenchmark[] = []
  for (const shape of flags.shapes.split(','))
    for (const precision of flags.precisions.split(',')) {
      console.error(`${shape} ${precision} …`)
      const result = await measureInChild(shape, precision)
      results.push({ title: `${shape} ${precision}`, result })
    }
  await writeBenchmarkReport(flags.out, results)
  console.log(
    flags.json
      ? JSON.stringify(results)
      : results.map(({ title, result }) => benchmarkMarkdown(title, result)).join('\n'),
  )
}
