/**
 * The training step of the tail (2,048 tokens, k = 12, A = 100, an adapter of width 2 d) against the same
 * step in PyTorch, fp32, on the same threads, by turns in one run:
 *
 *     npm run bench:train -- [--turns 4] [--threads 2] [--json]     PYTHON=python with torch installed
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { initialTail } from '../src-main/distill/distill.ts'
import { defaultDistillSettings, tailOptimizer } from '../src-main/distill/train-tail.ts'
import { tailTrainingGraph } from '../src-main/distill/tail-training.ts'
import { randomBatch } from '../src-main/distill/testing/random-batch.ts'
import { createTrainer, freshState } from '../src-main/runtime/trainer/index.ts'

const { values: flags } = parseArgs({
  options: {
    turns: { type: 'string', default: '4' },
    threads: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
  },
})
const turns = Number(flags.turns)
const threads = Number(flags.threads)
/** A turn is long enough that the machine's waking up after a pause counts for little. */
const millisecondsPerTurn = 2_000
const tokens = 2048

/** One side of the comparison: takes a step and returns its milliseconds. */
interface Contestant {
  step(): Promise<number>
  close(): Promise<void>
}

async function ours(d: number): Promise<Contestant> {
  const shape = { hiddenSize: d, adapterWidths: [2 * d], k: 12, alphabetSize: 100 }
  const feeds = randomBatch(shape, tokens, 1)
  const trainer = await createTrainer(
    tailTrainingGraph(shape, tokens, 'float32'),
    freshState(initialTail(shape, 1)),
    {
      ...tailOptimizer,
      device: 'cpu',
      weightDecay: defaultDistillSettings.weightDecay,
      threads,
    },
  )
  return {
    step: async () => {
      const started = performance.now()
      await trainer.step(feeds, { adapter: 1e-3, heads: 1e-3 })
      return performance.now() - started
    },
    close: () => trainer.release(),
  }
}

/** null: there is no PyTorch to compare with. */
async function pytorch(d: number): Promise<(Contestant & { readonly version: string }) | null> {
  const python = process.env['PYTHON'] ?? 'python3'
  const script = join(import.meta.dirname, 'train_step.py')
  const child = spawn(python, [script, `--d=${d}`, `--width=${2 * d}`, `--threads=${threads}`], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  child.on('error', () => undefined)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const read = async () => {
    const line = await lines.next()
    return line.done ? null : (JSON.parse(line.value) as Record<string, unknown>)
  }
  const ready = await read()
  if (!ready) return null
  return {
    version: String(ready['ready']),
    step: async () => {
      child.stdin.write('step\n')
      return Number((await read())?.['milliseconds'])
    },
    close: async () => {
      child.stdin.end()
      await new Promise((resolve) => child.on('close', resolve))
    },
  }
}

const quantile = (sorted: readonly number[], q: number) => sorted[Math.round(q * (sorted.length - 1))]!
const summary = (times: readonly number[]) => {
  if (times.length === 0) return { median: NaN, lower: NaN, upper: NaN }
  const sorted = [...times].sort((a, b) => a - b)
  return { median: quantile(sorted, 0.5), lower: quantile(sorted, 0.25), upper: quantile(sorted, 0.75) }
}

const results = []
for (const d of [256, 2048]) {
  const [engine, peer] = [await ours(d), await pytorch(d)]
  const times = { ours: [] as number[], pytorch: [] as number[] }
  for (let turn = 0; turn < turns; turn++)
    for (const [contestant, own] of [
      [engine, times.ours],
      [peer, times.pytorch],
    ] as const) {
      // The other's threads still spin for a moment after its last step, and caches are cold.
      await new Promise((resolve) => setTimeout(resolve, 300))
      if (!contestant) continue
      await contestant.step()
      const started = performance.now()
      while (performance.now() - started < millisecondsPerTurn) own.push(await contestant.step())
    }
  await engine.close()
  await peer?.close()
  const [own, other] = [summary(times.ours), summary(times.pytorch)]
  const result = {
    d,
    tokens,
    threads,
    ours: own,
    pytorch: peer ? { ...other, version: peer.version } : null,
    ratio: other.median / own.median,
  }
  results.push(result)
  if (!flags.json) {
    const show = ({ median, lower, upper }: typeof own) =>
      `${median.toFixed(1)} ms (${lower.toFixed(1)} to ${upper.toFixed(1)})`
    console.log(
      `d = ${d}: ours ${show(own)}${peer ? `, PyTorch ${peer.version} ${show(other)}, ratio ${result.ratio.toFixed(2)}` : '; PyTorch not found: set PYTHON'}`,
    )
  }
}
if (flags.json) console.log(JSON.stringify(results))
