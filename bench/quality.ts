/**
 * How well a tail with token symbols knows its base model, from teacher caches that `bench/own-text.ts` has written:
 *
 *   npx tsx bench/quality.ts MODEL TRAINING HELD-OUT [--symbols 4096] [--steps 600] [--batch 512] [--width 576]
 *
 * Measured at the held-out positions that belong to answers, and apart from those that come after a 16-gram which occurred
 * before: loops flatter every figure.
 */
import { readdir } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { distillSymbols } from '../src-main/distill/distill-symbols.ts'
import { vocabularyGroups } from '../src-main/distill/position-targets.ts'
import { fillTargets } from '../src-main/distill/target-cache.ts'
import { readChunk, type TeacherCache } from '../src-main/distill/teacher-cache.ts'
import { mostWanted, tokenUsage } from '../src-main/distill/token-usage.ts'
import { batchPlan } from '../src-main/distill/train-tail.ts'
import { totalSteps } from '../src-main/distill/schedule.ts'
import { float16ToFloat32 } from '../src-main/formats/half.ts'
import { createBaseDistribution } from '../src-main/models/base-distribution.ts'
import { openBaseModel, openModelTokenizer } from '../src-main/models/base-model.ts'
import { openHeadRows } from '../src-main/models/head-rows.ts'
import { modelFolder } from '../src-main/models/model-folder.ts'
import { parametersOf } from '../src-main/runtime/trainer.ts'
import { alphabetSize, parseAlphabet, withTokenSymbols } from '../src-main/spelling/alphabet.ts'
import { buildSpeller, firstSymbolsOf } from '../src-main/spelling/speller.ts'
import { createSymbolTailSession, symbolTailOf } from '../src-main/spellm/symbol-tail-session.ts'
import { tailShape } from '../src-main/spellm/tail-session.ts'

const number = (value: string) => ({ type: 'string' as const, default: value })
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    symbols: number('4096'),
    steps: number('600'),
    batch: number('512'),
    width: number('576'),
    k: number('12'),
    adapterRate: number('0.003'),
    headRate: number('0.004'),
  },
})
const [reference = '', trainingFolder = '', heldOutFolder = ''] = positionals
const base = await openBaseModel(modelFolder(reference))
const tokenizer = await openModelTokenizer(base)
const { hiddenSize: d, vocabularySize } = base.architecture
const started = performance.now()
const log = (message: string) =>
  console.log(`${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s  ${message}`)

async function openCache(folder: string): Promise<TeacherCache> {
  const chunks = (await readdir(folder)).filter((name) => name.startsWith('chunk-')).length
  // Rounds are chunks of eight batches (`ownTextCacheShape`).
  const shape = { batch: 16, tokens: 320, hiddenSize: d }
  return { folder, shape, chunks, positionsPerChunk: 8 * shape.batch * shape.tokens }
}

const training = await openCache(trainingFolder)
const openBase = () => createBaseDistribution(base, tokenizer.vocabularySize)
const distribution = await openBase()
const usage = await tokenUsage(training, distribution)
await distribution.release()
const counts = usage.subarray(0, tokenizer.vocabularySize)
const plain = parseAlphabet('auto', tokenizer.entries, counts)
const alphabet = withTokenSymbols(plain, mostWanted(counts, Number(values.symbols)))
const speller = buildSpeller(tokenizer.entries, alphabet, Number(values.k), counts)
const { symbolIndex, firstSymbol } = firstSymbolsOf(speller)
const groups = vocabularyGroups({ firstSymbol }, alphabetSize(alphabet))
log(`${alphabet.tokenSymbols!.length} token symbols, A = ${groups.groups}`)

const targets = { cache: training, groups, settings: { objective: 'soft', seed: 0 } } as const
await fillTargets(targets, openBase)
log('targets')

const shape = tailShape(d, [Number(values.width)], speller)
const rows = openHeadRows(base)
const perEpoch = Math.floor((training.chunks * training.positionsPerChunk) / Number(values.batch))
const settings = {
  batchTokens: Number(values.batch),
  epochs: Math.max(1, Math.round(Number(values.steps) / perEpoch)),
  seed: 0,
  peakLearningRates: { adapter: Number(values.adapterRate), heads: Number(values.headRate) },
  warmUp: 0.05,
  weightDecay: 0,
}
const steps = totalSteps(batchPlan(training, settings))
const state = await distillSymbols(shape, speller, targets, { rows, usage: counts }, settings, {
  device: 'cpu',
  onStep: ({ step, loss, divergence }) => {
    if (step % 100 === 0 || step === steps)
      log(`step ${step} of ${steps}: divergence ${divergence.toFixed(3)}, loss ${loss.toFixed(3)}`)
    return Promise.resolve()
  },
})

const tail = await createSymbolTailSession(
  symbolTailOf({
    shape,
    weights: parametersOf(state),
    tokenSymbols: alphabet.tokenSymbols!,
    rows,
    architecture: base.architecture,
  }),
)
interface Position {
  readonly doubt: number
  readonly isRight: boolean
  readonly isLoop: boolean
}
const positions: Position[] = []
const normaliserErrors: number[] = []
const readRow = (() => {
  const known = new Map<number, Float32Array>()
  return (token: number) => {
    let row = known.get(token)
    if (!row) known.set(token, (row = rows.read([token])))
    return row
  }
})()
const dot = (a: Float32Array, b: Float32Array) => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

const heldOut = await openCache(heldOutFolder)
for (let chunk = 0; chunk < heldOut.chunks; chunk++) {
  const { hidden, choices, ids, starts, inAnswer, logZ } = await readChunk(heldOut, chunk)
  if (!ids || !starts || !inAnswer || !logZ)
    throw new Error('the held-out cache was not written by the model')
  const window = heldOut.shape.tokens
  for (let from = 0; from < choices.length; from += window) {
    const states = float16ToFloat32(hidden.subarray(from * d, (from + window) * d))
    const { first } = await tail.scores(states)
    const width = first.length / window
    const m = width - groups.groups
    let context = new Set<number>()
    let seen = new Set<string>()
    for (let row = 0; row < window; row++) {
      const at = from + row
      if (starts[at] === at || row === 0) [context, seen] = [new Set(), new Set()]
      if (symbolIndex[ids[at]!]! < 0) context.add(ids[at]!)
      const gram = ids.slice(Math.max(starts[at]!, at - 15), at + 1).join()
      const isLoop = at - starts[at]! >= 15 && seen.has(gram)
      seen.add(gram)
      if (!inAnswer[at]) continue
      const scores = first.subarray(row * width, (row + 1) * width)
      const own = states.subarray(row * d, (row + 1) * d)
      let best = -Infinity
      let pick = -1
      for (let i = 0; i < m; i++)
        if (scores[i]! > best) [best, pick] = [scores[i]!, alphabet.tokenSymbols![i]!]
      const exact = [...context].map((token) => [token, dot(readRow(token), own)] as const)
      for (const [token, logit] of exact) if (logit > best) [best, pick] = [logit, token]
      const shares = Float64Array.from(scores.subarray(m), (score) => Math.exp(score - best))
      for (const [token, logit] of exact) shares[firstSymbol[token]!]! -= Math.exp(logit - best)
      const doubt = Math.log(shares.reduce((sum, share) => sum + Math.max(1e-4, share), 0))
      positions.push({ doubt, isRight: pick === choices[at], isLoop })
      let total = 0
      for (const score of scores) total += Math.exp(score - best)
      normaliserErrors.push(best + Math.log(total) - logZ[at]!)
    }
  }
}
rows.close()
await tail.release()

/** Share right among the least doubtful, alone and at shares of doubt. */
function report(name: string, measured: readonly Position[]) {
  const sorted = measured.toSorted((a, b) => a.doubt - b.doubt)
  const right = (share: number) => {
    const undoubted = sorted.slice(0, Math.floor(sorted.length * (1 - share)))
    return (100 * undoubted.filter(({ isRight }) => isRight).length) / undoubted.length
  }
  log(
    `${name}: ${measured.length} positions, pick right ${right(0).toFixed(1)} %, undoubted at 5 / 10 / 15 / 20 % doubt ` +
      [0.05, 0.1, 0.15, 0.2].map((share) => right(share).toFixed(1)).join(' / '),
  )
}

report('all', positions)
report(
  'no loops',
  positions.filter(({ isLoop }) => !isLoop),
)
const mean = normaliserErrors.reduce((sum, error) => sum + error, 0) / normaliserErrors.length
const deviation = Math.sqrt(
  normaliserErrors.reduce((sum, error) => sum + (error - mean) ** 2, 0) / normaliserErrors.length,
)
log(`error of the log-normaliser ${mean.toFixed(3)} ± ${deviation.toFixed(3)}`)
const tailWeights = alphabet.tokenSymbols!.length * d + 3 * Number(values.width) * d + groups.groups * d
log(
  `weights read a token without a doubt: ${((100 * tailWeights) / (vocabularySize * d)).toFixed(1)} % of the head's`,
)
