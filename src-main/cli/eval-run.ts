import { stories } from '../../resources/stories/stories.ts'
import { fitToDevice } from '../decode/golden-check.ts'
import { textsAtOnce } from '../decode/side-by-side.ts'
import { createTextGenerator, modelOfSpellm, type TextGenerator } from '../decode/text-generator.ts'
import { baselineHead, type BaselineResult } from '../evaluate/baselines/baseline.ts'
import { measureBaselines } from '../evaluate/baselines/baselines.ts'
import { createPositionStore, type PositionStore } from '../evaluate/baselines/position-store.ts'
import { evaluateText, hasThresholds } from '../evaluate/evaluate-text.ts'
import type { Evaluation } from '../evaluate/evaluation.ts'
import { teacherForcedModes } from '../evaluate/mode-agreement.ts'
import { modeBytes } from '../evaluate/mode-bytes.ts'
import { measureRollOuts, type RollOuts } from '../evaluate/roll-outs.ts'
import type { TextEvaluation } from '../evaluate/text-evaluation.ts'
import { readTaskFile } from '../evaluate/tasks/task-file.ts'
import { readTexts } from '../formats/text-source.ts'
import { resolveModel } from '../hub/index.ts'
import { sourceOf } from '../models/base-model.ts'
import { openHeadRows } from '../models/head-rows.ts'
import type { Precision } from '../models/precision.ts'
import type { Device, DeviceChoice } from '../runtime/devices/device.ts'
import { decodeModes, type DecodeMode } from '../spellm/decode-modes.ts'
import { findSpellm, openSpellm, type Spellm } from '../spellm/spellm.ts'
import { chosenDevice } from './device-option.ts'
import { runTasks } from './eval-task-runs.ts'
import { fetchNamedTasks, parseTasks } from './eval-tasks.ts'
import { interruptSignal, progressBar } from './output.ts'

/** Stories that neither training nor conversion has seen. */
const evaluationSeed = 900_000
/** Of a document, how much begins a roll-out. */
const promptLength = 40
export const rollOutTokens = 64

/** What `spellm eval` is asked for. */
export interface EvalOptions {
  readonly text?: string[]
  readonly positions: number
  readonly mode?: DecodeMode[]
  readonly candidates: number
  readonly gateShare: number
  readonly rollouts: number
  readonly tasks: string[]
  readonly limit?: number
  readonly baselines: boolean
  readonly report?: string
  readonly base?: string
  readonly device: DeviceChoice
  readonly precision?: Precision
  readonly json: boolean
}

/** Opens a SpeLLM and measures all that is asked for. */
export async function runEvaluation(folder: string, options: EvalOptions): Promise<Evaluation> {
  const signal = interruptSignal()
  const asked = parseTasks(options.tasks)
  const files = await Promise.all(asked.files.map(readTaskFile))
  const named = await fetchNamedTasks(asked.named, { limit: options.limit, signal })
  const path = findSpellm(folder) ?? folder
  const { spellm, device } = await openMeasured(path, options)
  const modes = modesOf(options.mode, spellm)
  const { candidates, gateShare } = options
  const settings = { modes, candidates, gateShare, device, signal }
  const store = options.baselines ? createPositionStore() : null
  const text = await measureText(spellm, options, settings, store)
  const baselines = store ? await baselinesOf(spellm, store, signal) : []
  const generator = await createTextGenerator(modelOfSpellm(path, spellm), { device, texts: textsAtOnce })
  try {
    const rollOuts = await writeRollOuts(generator, options, settings)
    const done = await runTasks(generator, spellm, { files, named }, settings)
    const bytes = modeBytes(spellm, device)
    const weights = { precision: spellm.precision, source: sourceOf(spellm.base) }
    return { spellm: path, modes, text, gateShare, bytes, rollOuts, ...done, baselines, device, ...weights }
  } finally {
    await generator.release()
  }
}

/** How everything is measured. */
interface Settings {
  readonly modes: readonly DecodeMode[]
  readonly candidates: number
  readonly gateShare: number
  readonly device: Device
  readonly signal: AbortSignal
}

async function openMeasured(
  path: string,
  { precision, base: basePath, device: choice }: EvalOptions,
): Promise<{ readonly spellm: Spellm; readonly device: Device }> {
  const quantizing = progressBar('Quantising', 'weights')
  const opened = await openSpellm(path, {
    precision,
    quantization: { onQuantize: (done, total) => quantizing.update(done, total) },
    ...(basePath === undefined ? {} : { basePath: await resolveModel(basePath) }),
  })
  quantizing.end()
  const device = await chosenDevice(choice)
  const base = await fitToDevice(opened.base, device, (message) => console.error(message))
  return { spellm: { ...opened, base }, device }
}

const documentsOf = ({ text }: EvalOptions) => (text ? readTexts(text) : stories(evaluationSeed))

async function measureText(
  spellm: Spellm,
  options: EvalOptions,
  { modes, ...settings }: Settings,
  store: PositionStore | null,
): Promise<TextEvaluation> {
  const reading = progressBar('Reading', 'tokens')
  const text = await evaluateText(spellm, documentsOf(options), {
    ...settings,
    positions: options.positions,
    modes: teacherForcedModes.filter((mode) => modes.includes(mode)),
    ...(store ? { onWindow: (window) => store.add(window) } : {}),
    onProgress: (done, total) => reading.update(done, total),
  })
  reading.end()
  return text
}

async function baselinesOf(
  { base, tokenizer }: Spellm,
  store: PositionStore,
  signal: AbortSignal,
): Promise<readonly BaselineResult[]> {
  const halves = store.halves()
  if (!halves) return []
  const bar = progressBar('Baselines', 'steps')
  const rows = openHeadRows(base)
  try {
    return await measureBaselines(baselineHead(base, rows, tokenizer.vocabularySize), halves, {
      onProgress: (done, total) => bar.update(done, total),
      signal,
    })
  } finally {
    rows.close()
    bar.end()
  }
}

async function writeRollOuts(
  generator: TextGenerator,
  options: EvalOptions,
  { modes, candidates, gateShare, signal }: Settings,
): Promise<RollOuts> {
  const writing = progressBar('Roll-outs', 'texts')
  const prompts = await beginnings(documentsOf(options), options.rollouts)
  let isNoticed = false
  const rollOuts = await measureRollOuts(generator, prompts, {
    modes,
    tokens: rollOutTokens,
    candidates,
    gateShare,
    // Each text would say it again, with other numbers.
    onNotice: (message) => {
      if (!isNoticed) writing.log(message)
      isNoticed = true
    },
    onProgress: (done, total) => writing.update(done, total),
    signal,
  })
  writing.end()
  return rollOuts
}

/** What is asked for; without a wish, all that the SpeLLM has: two modes need thresholds. */
function modesOf(asked: readonly DecodeMode[] | undefined, spellm: Spellm): DecodeMode[] {
  if (asked) return decodeModes.filter((known) => asked.includes(known))
  return decodeModes.filter((known) => hasThresholds(spellm) || (known !== 'gated' && known !== 'lossless'))
}

/** The beginnings of documents, cut at a space where there is one. */
async function beginnings(
  documents: AsyncIterable<string> | Iterable<string>,
  count: number,
): Promise<string[]> {
  const texts: string[] = []
  if (count === 0) return texts
  for await (const document of documents) {
    const text = document.trim().slice(0, promptLength)
    const space = text.lastIndexOf(' ')
    if (text !== '') texts.push(space > 0 ? text.slice(0, space) : text)
    if (texts.length === count) break
  }
  return texts
}
