/**
 * How well a tail with token symbols knows its base model, by what it is made of and what it has seen:
 *
 *   npm run bench:quality -- MODEL TRAINING HELD-OUT [--tokens 30720,122880] [--symbols 0,1024,4096] [--width 192,576]
 *     [--layer 0,1] [--groups 0,1024] [--best 8] [--epochs 3] [--batch 512] [--anchor 0.5]
 *     [--json FILE]
 *
 * TRAINING and HELD-OUT are teacher caches that `bench/own-text.ts` has written, or those of a finished run with `--keep-cache`
 * (`RUN/cache/training`, `RUN/cache/held-out`); targets are written to a temporary folder. `--tokens` to `--groups` take several values: every
 * combination is learnt and measured, a row each. 0 symbols: characters alone, special tokens apart. With groups, learned groups
 * stand in place of characters, and a step reads the best ones.
 *
 * With `--layer 1`, what is learnt reads one more decoder layer: attention to the earlier states of the text, with keys and
 * values of its own and the heads and rotary positions of the model's last layer, and then the adapter, which is its
 * feed-forward block (`--width`: its inner width; 1536 makes a whole layer of SmolLM2-135M). Exact scores stay the trunk's.
 * Batches are then of whole windows, the nearest number to `--batch`. What all texts begin with isn't in the caches, so the layer
 * doesn't see it. It is for measuring only: no SpeLLM has one. The bytes that a step reads count its weights, and its keys and
 * values up to a step in the middle of those measured.
 *
 * Measured at the held-out positions that belong to answers, without those that come after a 16-gram which occurred before:
 * loops flatter every figure.
 */
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { distillSymbols } from '../src-main/distill/distill-symbols.ts'
import { learnGroups } from '../src-main/conversion/choose-groups.ts'
import { logSumExp } from '../src-main/decode/inspect-choice.ts'
import { createPicker } from '../src-main/decode/picker.ts'
import { vocabularyGroups } from '../src-main/distill/position-targets.ts'
import { fillTargets } from '../src-main/distill/target-cache.ts'
import { readChunk, type TeacherCache } from '../src-main/distill/teacher-cache.ts'
import { mostWanted, tokenUsage } from '../src-main/distill/token-usage.ts'
import { batchPlan } from '../src-main/distill/train-tail.ts'
import { totalSteps } from '../src-main/distill/schedule.ts'
import { createSymbolReader, type SymbolReader } from '../src-main/evaluate/symbol-text.ts'
import { float16ToFloat32 } from '../src-main/formats/half.ts'
import { openSafetensors } from '../src-main/formats/safetensors.ts'
import { createBaseDistribution } from '../src-main/models/base-distribution.ts'
import { openBaseModel, openModelTokenizer } from '../src-main/models/base-model.ts'
import { openHeadRows } from '../src-main/models/head-rows.ts'
import { modelFolder } from '../src-main/models/model-folder.ts'
import { inPrecision } from '../src-main/models/precision.ts'
import { parametersOf } from '../src-main/runtime/trainer/index.ts'
import { alphabetSize, parseAlphabet, withTokenSymbols } from '../src-main/spelling/alphabet.ts'
import { groupAlphabet } from '../src-main/spelling/groups.ts'
import { buildSpeller, firstSymbolsOf, type Speller } from '../src-main/spelling/speller.ts'
import { tailShape } from '../src-main/spellm/tail-session.ts'
import { layerRows, oneMoreLayer } from './quality/decoder-layer.ts'
import { createLayerSession, distillLayer, type LayerSession } from './quality/distill-layer.ts'

const list = (value: string) => ({ type: 'string' as const, default: value })
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** Default: all of the cache. */
    tokens: list('Infinity'),
    symbols: list('4096'),
    width: list('576'),
    layer: list('0'),
    groups: list('0'),
    best: list('8'),
    k: list('12'),
    epochs: list('3'),
    batch: list('512'),
    adapterRate: list('0.003'),
    headRate: list('0.004'),
    anchor: list('0.5'),
    json: { type: 'string' },
  },
})
const numbers = (value: string) => value.split(',').map(Number)
const anchor = Number(values.anchor)

/** What tails are asked to know. */
interface Symbols {
  readonly symbols: number
  readonly groups: number
}

/** What they are made of. */
interface Adapter {
  readonly width: number
  /** Decoder layers before the adapter's own block: 0 or 1. */
  readonly layer: number
}
const [reference = '', trainingFolder = '', heldOutFolder = ''] = positionals
const base = await inPrecision(await openBaseModel(modelFolder(reference)), 'stored')
const tokenizer = await openModelTokenizer(base)
const { hiddenSize: d, vocabularySize } = base.architecture
/** Tokens of a sequence (`ownTextCacheShape`). */
const window = 320
const decoderLayer = oneMoreLayer(base.architecture, window)
const started = performance.now()
const percent = (share: number) => (100 * share).toFixed(1)
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

/** Learned groups in addition to token symbols, or characters that spell the rest. */
async function spellerOf(counts: Float64Array, { symbols, groups }: Symbols): Promise<Speller> {
  const wanted = mostWanted(counts, symbols)
  const alphabet = withTokenSymbols(parseAlphabet('auto', tokenizer.entries, counts), wanted)
  if (groups === 0) return buildSpeller(tokenizer.entries, alphabet, Number(values.k), counts)
  const tokens = alphabet.tokenSymbols!
  const even = Int32Array.from(tokenizer.entries, (_, token) => token % groups)
  const planned = groupAlphabet(even, tokens, Number(values.best))
  const groupOf = await learnGroups(base, planned, tokenizer.vocabularySize)
  return buildSpeller(tokenizer.entries, groupAlphabet(groupOf, tokens, planned.read), 1)
}

/** The first chunks of a cache under a folder of their own, whose targets are its own. */
async function beginningOf(cache: TeacherCache, tokens: number): Promise<TeacherCache> {
  const folder = await mkdtemp(join(tmpdir(), 'spellm-quality-'))
  const chunks = Math.max(1, Math.min(cache.chunks, Math.round(tokens / cache.positionsPerChunk)))
  const names = (await readdir(cache.folder)).filter((name) => name.startsWith('chunk-')).sort()
  for (const name of names.slice(0, chunks))
    await symlink(join(resolve(cache.folder), name), join(folder, name))
  return { ...cache, folder, chunks }
}

const openBase = () => createBaseDistribution(base, tokenizer.vocabularySize)
const rows = openHeadRows(base)

/** What tails learn from: the same for all of these symbols, whatever they are made of. */
async function prepare(training: TeacherCache, symbols: Symbols) {
  const distribution = await openBase()
  const wanted = await tokenUsage(training, distribution)
  await distribution.release()
  const usage = wanted.subarray(0, tokenizer.vocabularySize)
  const speller = await spellerOf(usage, symbols)
  const groups = vocabularyGroups(firstSymbolsOf(speller), alphabetSize(speller.alphabet))
  const targets = { cache: training, groups, settings: { objective: 'soft', seed: 0 } } as const
  await fillTargets(targets, openBase)
  return { speller, targets, teacher: { rows, usage } }
}

type Material = Awaited<ReturnType<typeof prepare>>

/** Learns a tail, and what it reads and knows. */
async function measure({ speller, targets, teacher }: Material, heldOut: TeacherCache, adapter: Adapter) {
  const { width, layer } = adapter
  const shape = tailShape(d, [width], speller, anchor)
  const batch = Number(values.batch)
  const settings = {
    batchTokens: layer === 0 ? batch : window * Math.max(1, Math.round(batch / window)),
    epochs: Number(values.epochs),
    seed: 0,
    peakLearningRates: { adapter: Number(values.adapterRate), heads: Number(values.headRate) },
    warmUp: 0.05,
    weightDecay: 0,
  }
  const state =
    layer === 0
      ? await distillSymbols({ shape, speller }, targets, teacher, settings, {
          device: 'cpu',
          onStep: () => Promise.resolve(),
        })
      : await distillLayer({ layer: decoderLayer, shape, speller, targets, teacher }, settings)
  const weights = parametersOf(state)
  const learnt = { base, speller, adapterWidths: [width], weights, precision: 'stored', anchor } as const
  const reader = await createSymbolReader({ ...learnt, contextSymbols: 512 }, rows, 'cpu')
  const session = layer === 0 ? null : await createLayerSession(decoderLayer, weights)
  const found = await lookAt(reader, session, heldOut)
  await reader.release()
  await session?.release()
  const symbols = speller.alphabet.tokenSymbols!.length
  const A = shape.alphabetSize
  const ofLayer = session ? layerRows(decoderLayer, found.place) : 0
  const read = symbols + ofLayer + 3 * width + A + found.rowsRead
  const { cache } = targets
  return {
    ...{ tokens: cache.chunks * cache.positionsPerChunk, symbols, width, layer, A },
    steps: totalSteps(batchPlan(cache, settings)),
    bytesShare: read / vocabularySize,
    ...found,
  }
}

interface Position {
  readonly doubt: number
  readonly isRight: boolean
  readonly isLoop: boolean
}

/** What a tail says of the states of a window: what is exact of the trunk's own, what is learnt of a decoder layer's. */
async function scoresOf(
  reader: SymbolReader,
  session: LayerSession | null,
  states: Float32Array,
  begins: Int32Array,
) {
  const own = await reader.scores(states)
  if (!session) return own
  const symbols = reader.first.speller.alphabet.tokenSymbols!.length
  const learnt = await reader.scores(await session.states(states, begins))
  return learnt.map(({ first, spelled }, row) => {
    const exact = own[row]!.first.subarray(0, symbols)
    // What is learnt is anchored at the trunk's exact scores, too.
    const shift = anchor * (logSumExp(exact) - logSumExp(first.subarray(0, symbols)))
    const joined = first.map((score) => score + shift)
    joined.set(exact)
    return { first: joined, spelled }
  })
}

/** The picks of a tail along held-out answers. */
async function lookAt(reader: SymbolReader, session: LayerSession | null, heldOut: TeacherCache) {
  const positions: Position[] = []
  const errors: number[] = []
  let rowsRead = 0
  let places = 0
  for (let chunk = 0; chunk < heldOut.chunks; chunk++) {
    const { hidden, choices, ids, starts, inAnswer, logZ } = await readChunk(heldOut, chunk)
    if (!ids || !starts || !inAnswer || !logZ)
      throw new Error('the held-out cache was not written by the model')
    for (let from = 0; from < choices.length; from += window) {
      const states = float16ToFloat32(hidden.subarray(from * d, (from + window) * d))
      const begins = starts.subarray(from, from + window).map((start) => start - from)
      const scores = await scoresOf(reader, session, states, begins)
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
        places += at - starts[at]! + 1
        errors.push(reader.first.logNormaliser(step.scores, step.exact) - logZ[at]!)
      }
    }
  }
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length
  const square = errors.reduce((sum, error) => sum + (error - mean) ** 2, 0) / errors.length
  return {
    positions: positions.length,
    rowsRead: rowsRead / positions.length,
    /** Of a step in its text, from 1, on the average. */
    place: places / positions.length,
    all: shares(positions),
    noLoops: shares(positions.filter(({ isLoop }) => !isLoop)),
    normaliserError: { mean, deviation: Math.sqrt(square) },
  }
}

/** Share right among the least doubtful: of all, and at 5, 10, 15 and 20 % of doubt. */
function shares(measured: readonly Position[]): number[] {
  const sorted = measured.toSorted((a, b) => a.doubt - b.doubt)
  return [0, 0.05, 0.1, 0.15, 0.2].map((share) => {
    const undoubted = sorted.slice(0, Math.floor(sorted.length * (1 - share)))
    return undoubted.filter(({ isRight }) => isRight).length / undoubted.length
  })
}

const [training, heldOut] = [await openCache(trainingFolder), await openCache(heldOutFolder)]
const results: (Awaited<ReturnType<typeof measure>> & { readonly groups: number })[] = []
log(
  'tokens seen, token symbols, groups, decoder layers, adapter width, bytes of the head: right alone / at 5 / 10 / 15 / 20 % doubt',
)
for (const tokens of numbers(values.tokens))
  for (const symbols of numbers(values.symbols))
    for (const groups of numbers(values.groups)) {
      const cache = await beginningOf(training, tokens)
      try {
        const material = await prepare(cache, { symbols, groups })
        for (const layer of numbers(values.layer))
          for (const width of numbers(values.width)) {
            const found = { groups, ...(await measure(material, heldOut, { width, layer })) }
            results.push(found)
            const { mean, deviation } = found.normaliserError
            log(
              `${found.tokens}, ${found.symbols}, ${groups}, ${layer}, ${width}, ${percent(found.bytesShare)}: ` +
                `${found.noLoops.map(percent).join(' / ')}; log-normaliser ${mean.toFixed(3)} ± ${deviation.toFixed(3)}`,
            )
          }
      } finally {
        await rm(cache.folder, { recursive: true, force: true })
      }
    }
rows.close()
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(results)}\n`)
