/**
 * How well a tail with token symbols knows its base model, from teacher caches that `bench/own-text.ts` has written:
 *
 *   npx tsx bench/quality.ts MODEL TRAINING HELD-OUT [--symbols 4096] [--steps 600] [--batch 512] [--width 576]
 *     [--groups 1024 [--best 8]]
 *
 * A finished run with `--keep-cache` has such caches, too; targets are written beside the first. With `--groups`, learned groups
 * stand in place of characters, and a step reads the best ones.
 *
 * Measured at the held-out positions that belong to answers, and apart from those that come after a 16-gram which occurred
 * before: loops flatter every figure.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { distillSymbols } from '../src-main/distill/distill-symbols.ts'
import { learnGroups } from '../src-main/conversion/choose-groups.ts'
import { createPicker } from '../src-main/decode/picker.ts'
import { vocabularyGroups } from '../src-main/distill/position-targets.ts'
import { fillTargets } from '../src-main/distill/target-cache.ts'
import { readChunk, type TeacherCache } from '../src-main/distill/teacher-cache.ts'
import { mostWanted, tokenUsage } from '../src-main/distill/token-usage.ts'
import { batchPlan } from '../src-main/distill/train-tail.ts'
import { totalSteps } from '../src-main/distill/schedule.ts'
import { createSymbolReader } from '../src-main/evaluate/symbol-text.ts'
import { float16ToFloat32 } from '../src-main/formats/half.ts'
import { openSafetensors } from '../src-main/formats/safetensors.ts'
import { createBaseDistribution } from '../src-main/models/base-distribution.ts'
import { openBaseModel, openModelTokenizer } from '../src-main/models/base-model.ts'
import { openHeadRows } from '../src-main/models/head-rows.ts'
import { modelFolder } from '../src-main/models/model-folder.ts'
import { inPrecision } from '../src-main/models/precision.ts'
import { parametersOf } from '../src-main/runtime/trainer.ts'
import { alphabetSize, parseAlphabet, withTokenSymbols } from '../src-main/spelling/alphabet.ts'
import { groupAlphabet } from '../src-main/spelling/groups.ts'
import { buildSpeller, firstSymbolsOf, type Speller } from '../src-main/spelling/speller.ts'
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
    groups: number('0'),
    best: number('8'),
    adapterRate: number('0.003'),
    headRate: number('0.004'),
  },
})
const [reference = '', trainingFolder = '', heldOutFolder = ''] = positionals
const base = await inPrecision(await openBaseModel(modelFolder(reference)), 'stored')
const tokenizer = await openModelTokenizer(base)
const { hiddenSize: d, vocabularySize } = base.architecture
/** Tokens of a sequence (`ownTextCacheShape`). */
const window = 320
const started = performance.now()
const log = (message: string) =>
  console.log(`${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s  ${message}`)

async function openCache(folder: string): Promise<TeacherCache> {
  const chunks = (await readdir(folder)).filter((name) => name.startsWith('chunk-')).sort()
  const { tensors } = await openSafetensors(join(folder, chunks[0] ?? 'chunk-00000.safetensors'))
  const positionsPerChunk = tensors.get('choices')!.shape[0]!
  // Rounds are chunks of eight batches.
  const shape = { batch: positionsPerChunk / (8 * window), tokens: window, hiddenSize: d }
  return { folder, shape, chunks: chunks.length, positionsPerChunk }
}

/** Learned groups beside token symbols, or characters that spell the rest. */
async function spellerOf(counts: Float64Array): Promise<Speller> {
  const wanted = mostWanted(counts, Number(values.symbols))
  const alphabet = withTokenSymbols(parseAlphabet('auto', tokenizer.entries, counts), wanted)
  if (values.groups === '0') return buildSpeller(tokenizer.entries, alphabet, Number(values.k), counts)
  const symbols = alphabet.tokenSymbols!
  const even = Int32Array.from(tokenizer.entries, (_, token) => token % Number(values.groups))
  const planned = groupAlphabet(even, symbols, Number(values.best))
  const groupOf = await learnGroups(base, planned, tokenizer.vocabularySize)
  const learnt = groupAlphabet(groupOf, symbols, planned.read)
  const sizes = learnt.groups.map(({ length }) => length).sort((a, b) => b - a)
  log(`${sizes.length} groups of ${sizes[0]} tokens at the most, ${sizes[sizes.length >> 1]} in the middle`)
  return buildSpeller(tokenizer.entries, learnt, 1)
}

const training = await openCache(trainingFolder)
const openBase = () => createBaseDistribution(base, tokenizer.vocabularySize)
const distribution = await openBase()
const usage = await tokenUsage(training, distribution)
await distribution.release()
const counts = usage.subarray(0, tokenizer.vocabularySize)
log('usage')
const speller = await spellerOf(counts)
const { alphabet } = speller
const groups = vocabularyGroups(firstSymbolsOf(speller), alphabetSize(alphabet))
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

const adapterWidths = [Number(values.width)]
const learnt = { base, speller, adapterWidths, weights: parametersOf(state), precision: 'stored' } as const
const reader = await createSymbolReader({ ...learnt, contextSymbols: 512 }, rows, 'cpu')
interface Position {
  readonly doubt: number
  readonly isRight: boolean
  readonly isLoop: boolean
}
const positions: Position[] = []
const normaliserErrors: number[] = []
let rowsRead = 0

const heldOut = await openCache(heldOutFolder)
for (let chunk = 0; chunk < heldOut.chunks; chunk++) {
  const { hidden, choices, ids, starts, inAnswer, logZ } = await readChunk(heldOut, chunk)
  if (!ids || !starts || !inAnswer || !logZ)
    throw new Error('the held-out cache was not written by the model')
  for (let from = 0; from < choices.length; from += window) {
    const states = float16ToFloat32(hidden.subarray(from * d, (from + window) * d))
    const scores = await reader.scores(states)
    let text = reader.createText()
    let unread: number[] = []
    let seen = new Set<string>()
    for (let row = 0; row < window; row++) {
      const at = from + row
      if (starts[at] === at || row === 0) [text, unread, seen] = [reader.createText(), [], new Set()]
      unread.push(ids[at]!)
      const gram = ids.slice(Math.max(starts[at]!, at - 15), at + 1).join()
      const isLoop = at - starts[at]! >= 15 && seen.has(gram)
      seen.add(gram)
      if (!inAnswer[at]) continue
      const own = text.read(unread, states.subarray(row * d, (row + 1) * d), scores[row]!)
      unread = []
      const step = await reader.first.look(own, text.context)
      const { token, doubt } = reader.first.choose(step.scores, step.exact, createPicker(null), at)
      positions.push({ doubt, isRight: token === choices[at], isLoop })
      rowsRead += step.exact.count
      normaliserErrors.push(reader.first.logNormaliser(step.scores, step.exact) - logZ[at]!)
    }
  }
}
rows.close()
await reader.release()

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
const tailWeights =
  (alphabet.tokenSymbols!.length + 3 * Number(values.width) + groups.groups + rowsRead / positions.length) * d
log(`rows of the head read beside token symbols: ${(rowsRead / positions.length).toFixed(0)} a token`)
log(
  `weights read a token without a doubt: ${((100 * tailWeights) / (vocabularySize * d)).toFixed(1)} % of the head's`,
)
