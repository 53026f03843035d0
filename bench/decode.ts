/**
 * What a token costs: base model and SpeLLM modes by turns in one run, at the shapes of real models with random
 * weights, each precision in a process of its own:
 *
 *     npm run bench:decode -- [--shapes llama-3.2-1b,…] [--precisions fp32,int8,int4] [--contexts 128,2048]
 *                             [--steps 60] [--threads N] [--weights FOLDER] [--out FOLDER] [--json]
 *
 * The tail has one block, as wide as 2.5 % of the LM head's weights allow, in int8 (in int4 beside a base in int4).
 * Writes decode.json, decode.md and
 * decode.svg to --out (default bench/results).
 */
import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { initialTail } from '../src-main/distill/distill.ts'
import {
  measureTokenTimes,
  modeTimes,
  type ModeTimes,
  type TokenTimes,
} from '../src-main/evaluate/decode-benchmark.ts'
import { openBaseModel } from '../src-main/models/base-model.ts'
import { openQuantizedModel, quantizeModel } from '../src-main/models/quantized-weights.ts'
import { affordableAdapterWidth, tailParameterCount } from '../src-main/models/tail.ts'
import { parseAlphabet, alphabetSize } from '../src-main/spelling/alphabet.ts'
import { buildSpeller } from '../src-main/spelling/speller.ts'
import { resultsTable } from './models/decode-report.ts'
import { decodePlot } from './models/decode-plot.ts'
import { randomModel } from './models/random-model.ts'
import { realVocabulary } from './models/real-vocabulary.ts'
import { shapes, type ShapeName } from './models/shapes.ts'

const precisions = ['fp32', 'int8', 'int4'] as const
type Precision = (typeof precisions)[number]

const { values: flags } = parseArgs({
  options: {
    shapes: { type: 'string', default: Object.keys(shapes).join() },
    precisions: { type: 'string', default: precisions.join() },
    contexts: { type: 'string', default: '128,2048' },
    steps: { type: 'string', default: '60' },
    threads: { type: 'string' },
    weights: { type: 'string', default: join(tmpdir(), 'spellm-bench-models') },
    out: { type: 'string', default: join(import.meta.dirname, 'results') },
    json: { type: 'boolean', default: false },
    /** One case, in a process of its own: SHAPE/PRECISION. */
    only: { type: 'string' },
  },
})

const k = 12
const alphabet = 'auto:98'

/** What one process measures. */
export interface DecodeResult {
  readonly shape: ShapeName
  readonly precision: Precision
  /** Elements of the tail, as a share of the LM head's. */
  readonly tailShare: number
  readonly vocabulary: number
  readonly peakMemoryMB: number
  readonly times: readonly (TokenTimes & ModeTimes)[]
}

async function measure(shape: ShapeName, precision: Precision): Promise<DecodeResult> {
  const folder = await randomModel(shape, flags.weights)
  const stored = await openBaseModel(folder)
  const bits = precision === 'int4' ? 4 : precision === 'int8' ? 8 : undefined
  const { architecture } = stored
  let base = stored
  if (bits) {
    const file = join(folder, `${precision}.safetensors`)
    const options = { bits, sha256: 'random' } as const
    base =
      (await openQuantizedModel(stored, file, options)) ??
      (await quantizeModel(stored, file, options), (await openQuantizedModel(stored, file, options))!)
  }
  const vocabulary = realVocabulary(architecture.vocabularySize)
  const speller = buildSpeller(vocabulary, parseAlphabet(alphabet, vocabulary), k)
  const symbols = alphabetSize(speller.alphabet)
  const adapterWidths = [affordableAdapterWidth(architecture, k * symbols)]
  const tail = { hiddenSize: architecture.hiddenSize, adapterWidths, k, alphabetSize: symbols }
  const times = await measureTokenTimes(
    { base, speller, adapterWidths, weights: initialTail(tail, 1), bits: bits === 4 ? 4 : 8 },
    {
      contexts: flags.contexts.split(',').map(Number),
      steps: Number(flags.steps),
      ...(flags.threads === undefined ? {} : { threads: Number(flags.threads) }),
    },
  )
  return {
    shape,
    precision,
    tailShare: tailParameterCount(tail) / (architecture.vocabularySize * architecture.hiddenSize),
    vocabulary: vocabulary.length,
    peakMemoryMB: Math.round(process.resourceUsage().maxRSS / 1024),
    times: times.map((each) => ({ ...each, ...modeTimes(each) })),
  }
}

async function measureInChild(shape: string, precision: string): Promise<DecodeResult> {
  const child = spawn(
    process.execPath,
    [...process.execArgv, import.meta.filename, ...process.argv.slice(2), '--only', `${shape}/${precision}`],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let output = ''
  child.stdout.on('data', (data: Buffer) => (output += data.toString()))
  const code = await new Promise((resolve) => child.on('close', resolve))
  if (code !== 0) throw new Error(`${shape} in ${precision} ended with ${String(code)}`)
  return JSON.parse(output) as DecodeResult
}

if (flags.only !== undefined) {
  const [shape, precision] = flags.only.split('/') as [ShapeName, Precision]
  console.log(JSON.stringify(await measure(shape, precision)))
} else {
  const results: DecodeResult[] = []
  for (const shape of flags.shapes.split(','))
    for (const precision of flags.precisions.split(',')) {
      console.error(`${shape} ${precision} …`)
      results.push(await measureInChild(shape, precision))
    }
  const table = resultsTable(results)
  await mkdir(flags.out, { recursive: true })
  await writeFile(join(flags.out, 'decode.json'), JSON.stringify(results, null, 2))
  await writeFile(join(flags.out, 'decode.md'), table)
  await writeFile(join(flags.out, 'decode.svg'), decodePlot(results))
  console.log(flags.json ? JSON.stringify(results) : table)
}
