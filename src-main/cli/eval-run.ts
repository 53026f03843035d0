import { stories } from '../../resources/stories/stories.ts'
import { fitToDevice } from '../decode/device-parity.ts'
import { textsAtOnce } from '../decode/batched-generation.ts'
import {
  createTextGenerator,
  modelOfSpellm,
  type Prompt,
  type TextGenerator,
} from '../decode/text-generator.ts'
import { baselineHead, type BaselineResult } from '../evaluate/baselines/baseline.ts'
import { measureBaselines } from '../evaluate/baselines/baselines.ts'
import { createPositionStore, type PositionStore } from '../evaluate/baselines/position-store.ts'
import { evaluateOwnAnswers, evaluateText, hasThresholds } from '../evaluate/evaluate-text.ts'
import type { EvaluatedText, Evaluation } from '../evaluate/evaluation.ts'
import { teacherForcedModes } from '../evaluate/mode-agreement.ts'
import { modeBytes } from '../evaluate/mode-bytes.ts'
import type { ReadWindow } from '../evaluate/read-windows.ts'
import { measureRollOuts, type RollOuts } from '../evaluate/roll-outs.ts'
import type { TextEvaluation } from '../evaluate/text-evaluation.ts'
import { readTaskFile } from '../evaluate/tasks/task-file.ts'
import { readTexts } from '../formats/text-source.ts'
import { resolveModel } from '../hub/index.ts'
import { sourceOf } from '../models/base-model.ts'
import { openHeadRows } from '../models/head-rows.ts'
import { modelFolder, sampleModelName } from '../models/model-folder.ts'
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
/** How many tokens of a document begin a roll-out. */
const promptLength = 40

/** What `spellm eval` is asked for. */
export interface EvalOptions {
  readonly text?: string[]
  readonly positions: number
  readonly mode?: DecodeMode[]
  readonly candidates: number
  readonly gateShare: number
  readonly rollouts: number
  readonly rolloutTokens: number
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
  const { kind, text, prompts } = await measureText(spellm, options, settings, store)
  const baselines = store ? await baselinesOf(spellm, store, signal) : []
  const generator = await createTextGenerator(modelOfSpellm(path, spellm), { device, texts: textsAtOnce })
  try {
    const rollOuts = await writeRollOuts(generator, prompts, { tokens: options.rolloutTokens, ...settings })
    const done = await runTasks(generator, spellm, { files, named }, settings)
    const bytes = modeBytes(spellm, device)
    const weights = { precision: spellm.precision, source: sourceOf(spellm.base) }
    return {
      spellm: path,
      modes,
      kind,
      text,
      gateShare,
      bytes,
      rollOuts,
      ...done,
      baselines,
      device,
      ...weights,
    }
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

/** What was found on a text, and where its roll-outs begin. */
interface MeasuredText {
  readonly kind: EvaluatedText
  readonly text: TextEvaluation
  readonly prompts: readonly Prompt[]
}

/** Looks at the text that was given, at new stories for the sample model, which knows nothing else, or at own answers. */
async function measureText(
  spellm: Spellm,
  { text: files, positions, rollouts }: EvalOptions,
  { modes, ...settings }: Settings,
  store: PositionStore | null,
): Promise<MeasuredText> {
  const isSample = spellm.base.folder === modelFolder(sampleModelName)
  const kind = files ? 'given' : isSample ? 'stories' : 'own answers'
  const writing = progressBar('Writing', 'tokens')
  const reading = progressBar('Reading', 'windows')
  const options = {
    ...settings,
    positions,
    modes: teacherForcedModes.filter((mode) => modes.includes(mode)),
    ...(store ? { onWindow: (window: ReadWindow) => store.add(window) } : {}),
    onProgress: (done: number, total: number) => reading.update(done, total),
  }
  if (kind === 'own answers') {
    const { evaluation, questions } = await evaluateOwnAnswers(spellm, {
      ...options,
      seed: evaluationSeed,
      onWritten: (done, total) => writing.update(done, total),
    })
    writing.end()
    reading.end()
    return { kind, text: evaluation, prompts: questions.slice(0, rollouts) }
  }
  const documents = () => (files ? readTexts(files) : stories(evaluationSeed))
  const text = await evaluateText(spellm, documents(), options)
  reading.end()
  return { kind, text, prompts: await beginnings(documents(), rollouts) }
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
  prompts: readonly Prompt[],
  { tokens, modes, candidates, gateShare, signal }: Settings & { readonly tokens: number },
): Promise<RollOuts> {
  const writing = progressBar('Roll-outs', 'texts')
  let isNoticed = false
  const rollOuts = await measureRollOuts(generator, prompts, {
    modes,
    tokens,
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
