/**
 * A SpeLLM's recorded doubts replayed on models of other shapes with random weights: what lossless mode would come to if such a
 * model's SpeLLM doubted as this one does. What the passes cost is measured, in a process for each shape and precision:
 *
 *     npm run bench:replay -- RUN [--shapes own,gemma-3-270m,llama-3.2-1b,qwen3-0.6b] [--precisions fp32,int8,int4]
 *                                 [--contexts 128,2048,8192] [--repeats 7] [--threads N] [--json]
 *
 * RUN is a finished run with token symbols, or its SpeLLM; `own` is its own model with its real weights. Threshold and steps are
 * chosen as on a user's machine. Where the run still has its teacher cache, the same settings are replayed without loops, too.
 * docs/benchmark.md says what the figures are. Random weights are made in a temporary folder, one model at a time (of a billion
 * weights 2.5 GB on disk and 5 GB in memory).
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { formatShare, table } from '../src-main/cli/output.ts'
import { passCosts } from '../src-main/decode/measure-costs.ts'
import { withHugePages } from '../src-main/runtime/huge-pages.ts'
import type { Precision } from '../src-main/models/precision.ts'
import { replayedCaseSchema, replayShape, type ReplayedCase } from './models/replay-shape.ts'
import { shapes, type ShapeName } from './models/shapes.ts'

/** Random weights are stored in bfloat16, and computed with as float32. */
const precisions = { fp32: 'stored', int8: 'int8', int4: 'int4' } as const satisfies Record<string, Precision>
const shapeSchema = z.enum(['own', ...(Object.keys(shapes) as ShapeName[])])
const precisionSchema = z.enum(Object.keys(precisions) as (keyof typeof precisions)[])

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    shapes: { type: 'string', default: 'own,gemma-3-270m,llama-3.2-1b,qwen3-0.6b' },
    precisions: { type: 'string', default: Object.keys(precisions).join() },
    contexts: { type: 'string', default: '128,2048,8192' },
    repeats: { type: 'string', default: '7' },
    threads: { type: 'string' },
    json: { type: 'boolean', default: false },
    /** One case, in a process of its own: SHAPE/PRECISION/FOLDER. */
    only: { type: 'string' },
  },
})
const [run] = positionals
if (run === undefined) throw new Error('Name a finished run with token symbols: npm run bench:replay -- RUN')

const times = (speedup: number | null) => (speedup === null ? '' : speedup.toFixed(2))

if (flags.only === undefined) await measureAll()
else {
  const [shape, precision, ...folder] = flags.only.split('/')
  const cases = await replayShape({
    run,
    shape: shapeSchema.parse(shape),
    precision: precisions[precisionSchema.parse(precision)],
    folder: folder.join('/'),
    contexts: flags.contexts.split(',').map(Number),
    repeats: Number(flags.repeats),
    threads: flags.threads === undefined ? undefined : Number(flags.threads),
  })
  console.log(JSON.stringify(cases))
}

async function measureAll(): Promise<void> {
  const cases: ReplayedCase[] = []
  for (const shape of shapeSchema.array().parse(flags.shapes.split(',')))
    for (const precision of precisionSchema.array().parse(flags.precisions.split(','))) {
      console.error(`${shape} ${precision} …`)
      cases.push(...(await measureInChild(shape, precision)))
    }
  if (flags.json) console.log(JSON.stringify(cases))
  else console.log(describe(cases))
}

/** The weights that the process makes are removed after it, however it ends. */
async function measureInChild(shape: string, precision: string): Promise<ReplayedCase[]> {
  const folder = await mkdtemp(join(tmpdir(), 'spellm-replay-'))
  try {
    const child = spawn(
      process.execPath,
      [
        ...process.execArgv,
        import.meta.filename,
        ...process.argv.slice(2),
        '--only',
        `${shape}/${precision}/${folder}`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'], env: withHugePages(process.env) },
    )
    let output = ''
    child.stdout.on('data', (data: Buffer) => (output += data.toString()))
    const code = await new Promise((resolve) => child.on('close', resolve))
    if (code !== 0) throw new Error(`${shape} in ${precision} ended with ${String(code)}`)
    return replayedCaseSchema.array().parse(JSON.parse(output))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function describe(cases: readonly ReplayedCase[]): string {
  const heading = [
    ...['shape', 'weights', 'precision', 'context', 'trunk ms', 'head ms', 'at 1 / 4 / 8 / 16 rows', 'by'],
    'tail ms',
    ...[
      'tail bytes',
      'trunk passes',
      'head passes',
      'rows',
      'n',
      'drafting',
      '× base',
      'quartiles',
      'no loops',
    ],
    ...['int8 head alone', 'no head'],
  ]
  const rows = cases.map((found) => {
    const { trunk, baseHead, tail, verifier } = found
    const head = passCosts(found).head
    return [
      ...[found.shape, found.weights, found.precision === 'stored' ? 'fp32' : found.precision],
      ...[String(found.context), trunk.toFixed(2), baseHead.toFixed(2)],
      [1, 4, 8, 16].map((count) => (head(count) / baseHead).toFixed(2)).join(' / '),
      verifier,
      ...[tail.toFixed(2), formatShare(found.tailShare)],
      ...[found.trunkPasses.toFixed(3), found.headPasses.toFixed(3), found.rows.toFixed(1)],
      ...[
        String(found.steps),
        times(found.drafting),
        times(found.speedup),
        found.speedupQuartiles.map(times).join(' – '),
      ],
      ...[times(found.noLoops), times(found.int8Alone), times(found.limit)],
    ]
  })
  return [
    `Doubts of ${run} replayed, not written texts; weights 'random' belong to no model. What the verifying head takes at several rows is relative to the base model's own at one.`,
    '',
    table([heading, ...rows]),
  ].join('\n')
}
