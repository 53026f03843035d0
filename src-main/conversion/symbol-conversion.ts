import { z } from 'zod'
import { fitToDevice } from '../decode/device-parity.ts'
import { distillSymbols } from '../distill/distill-symbols.ts'
import { vocabularyGroups } from '../distill/position-targets.ts'
import { totalSteps, windowEnds, windowsOf, type BatchPlan, type ChunkRange } from '../distill/schedule.ts'
import { fillTargets, type TargetCache } from '../distill/target-cache.ts'
import { missingCacheBytes, positionBytes, positionsOnDisk } from '../distill/teacher-cache.ts'
import { batchPlan } from '../distill/train-tail.ts'
import { SpellmError } from '../base/errors.ts'
import type { Tokenizer } from '../tokenizer/index.ts'
import { createBaseDistribution } from '../models/base-distribution.ts'
import type { BaseModel } from '../models/base-model.ts'
import { openHeadRows } from '../models/head-rows.ts'
import type { TailShape } from '../models/tail.ts'
import type { Run } from '../runs/index.ts'
import type { TrainerState } from '../runtime/trainer/index.ts'
import { ownTurn } from '../runtime/turns.ts'
import { alphabetSize } from '../spelling/alphabet.ts'
import { firstSymbolsOf } from '../spelling/speller.ts'
import { tailShape } from '../spellm/tail-session.ts'
import { requireConversionMemory } from './plan-spelling.ts'
import { createCheckpointClock } from './checkpoint-clock.ts'
import { learntTail, stateFrom, tensorsOf, type LearntTail } from './checkpoint-tensors.ts'
import { runSpeller } from './choose-groups.ts'
import { runUsage, symbolSpeller } from './choose-symbols.ts'
import { ownTextMemory, targetBytes, trainingMemoryBytes } from './conversion-cost.ts'
import type { JobOptions } from './events.ts'
import { positionsOf } from './fill-caches.ts'
import { requireDiskSpace, requireRoom } from './require-room.ts'
import { evaluateSymbols, measureSymbols } from './measure-symbols.ts'
import type { ConversionResult } from './result.ts'
import { createSampleWriter } from './sample-writer.ts'
import { symbolAdapterWidths, type RunSettings } from './settings.ts'
import type { SymbolPlan, SymbolStage } from './symbol-stage.ts'
import { fillAnswers, fillTraining, planStates, type StatesPlan } from './symbol-states.ts'
import { questionsOf } from './verdict.ts'

type ConversionRun = Run<RunSettings>

/**
 * Plans a conversion with token symbols, and checks that there is room for it.
 *
 * @throws SpellmError for bad input, 'disk-full', 'out-of-memory'
 */
export async function prepareSymbols(
  run: ConversionRun,
  opened: BaseModel,
  tokenizer: Tokenizer,
  options: JobOptions,
): Promise<SymbolPlan> {
  const { settings, folder } = run
  const onNotice = (message: string) => options.onEvent({ type: 'notice', message })
  const base = await fitToDevice(opened, settings.device, onNotice)
  const { hiddenSize, vocabularySize } = base.architecture
  const adapterWidths = settings.adapterWidths ?? symbolAdapterWidths(hiddenSize)
  // What can't be spelled is reported before anything is computed.
  const even = Float64Array.from(tokenizer.entries, ({ special }) => (special ? 0 : 1))
  const speller = symbolSpeller(tokenizer, even, settings, adapterWidths)
  const shape = tailShape(hiddenSize, adapterWidths, speller)
  const bytes = positionBytes({ hiddenSize }) + targetBytes(shape)
  const states = await planStates(run, base, tokenizer, bytes, options)
  if (totalSteps(batchPlan(states.training, settings)) === 0)
    throw new SpellmError(
      'setting-invalid',
      `A batch of ${settings.batchTokens} tokens is larger than the text of ${positionsOf(states.training)} tokens.`,
      'Give more text or choose smaller batches.',
    )
  const targets = positionsOnDisk(states.training) * targetBytes(shape)
  await requireDiskSpace(
    folder,
    (await missingCacheBytes(states.training)) + (await missingCacheBytes(states.heldOut)) + targets,
  )
  const windowsAtOnce = await requireSymbolMemory(base, shape, states, settings, options)
  requireRows(vocabularySize, tokenizer.vocabularySize)
  return { base, tokenizer, adapterWidths, states, windowsAtOnce }
}

/** As `requireConversionMemory`; a model that writes its text reads no windows. */
async function requireSymbolMemory(
  base: BaseModel,
  shape: TailShape,
  { training, own }: StatesPlan,
  settings: RunSettings,
  options: JobOptions,
): Promise<number> {
  if (!own) return requireConversionMemory(base, shape, training, settings, options)
  const { architecture } = base
  const { chunks: all, chunksPerWindow: chunks = all, positionsPerChunk } = training
  const writing = ownTextMemory(architecture, settings, own.shape, training)
  const learning = trainingMemoryBytes(architecture, shape, { ...settings, chunks, positionsPerChunk })
  await requireRoom('This conversion', Math.max(writing, learning), settings.device, options)
  return 1
}

function requireRows(rows: number, tokens: number): void {
  if (rows < tokens)
    throw new SpellmError(
      'model-invalid',
      `The LM head has ${rows} rows, but the tokenizer has ${tokens} tokens.`,
      'Download the model again: its parts do not belong together.',
    )
}

/** Seconds that the run has taken, and of these for text and answers. */
const sessionStateSchema = z.object({ seconds: z.number(), textSeconds: z.number().default(0) })

/** Positions of the evaluations along the way. */
const quickPositions = 2_048
const evaluationsAlongTheWay = 4

/** A part of what is learnt from that is on disk at once, and the step that ends its last epoch. */
interface TrainingWindow {
  readonly range: ChunkRange
  readonly end: number
}

/** The windows that steps after `step` learn from. */
function windowsAfter(step: number, plan: BatchPlan): TrainingWindow[] {
  const ends = windowEnds(plan)
  return windowsOf(plan).flatMap((range, i) => {
    const end = ends[i]!
    return end > Math.max(step, ends[i - 1] ?? 0) ? [{ range, end }] : []
  })
}

/**
 * Computes states and targets, teaches the tail, and measures what came of it.
 *
 * @param started when this session of the run began, as `performance.now` has it
 */
export async function learnSymbols(
  run: ConversionRun,
  plan: SymbolPlan,
  started: number,
  options: JobOptions,
): Promise<ConversionResult> {
  const { settings, folder } = run
  const { onEvent, signal, turn = ownTurn } = options
  const { base, tokenizer, states, adapterWidths } = plan
  const { checkpoint, warnings } = await run.resume(sessionStateSchema)
  for (const message of warnings) onEvent({ type: 'notice', message })
  const batches = batchPlan(states.training, settings)
  const windows = windowsAfter(checkpoint?.step ?? 0, batches)
  const fill = ({ range }: TrainingWindow) => fillTraining(states, range, plan, settings, options)
  const textStarted = performance.now()
  if (windows[0]) await fill(windows[0])
  await fillAnswers(states, plan, settings, options)
  const textSeconds = (checkpoint?.state.textSeconds ?? 0) + (performance.now() - textStarted) / 1000

  const openBase = () => createBaseDistribution(base, tokenizer.vocabularySize, { device: settings.device })
  onEvent({ type: 'phase', phase: 'targets' })
  // Which tokens are symbols is decided once, by the first window.
  const counted = { ...states.training, chunks: windowsOf(batches)[0]!.to }
  const usage = await runUsage(folder, counted, { tokenizer, openBase, signal, turn })
  const planned = symbolSpeller(tokenizer, usage, settings, adapterWidths)
  const speller = await runSpeller(folder, planned, base, tokenizer, signal)
  const groups = vocabularyGroups(firstSymbolsOf(speller), alphabetSize(speller.alphabet))
  const { objective, seed } = settings
  const targets: TargetCache = { cache: states.training, groups, settings: { objective, seed } }
  const onProgress = (done: number, total: number) =>
    onEvent({ type: 'progress', phase: 'targets', done, total })
  const fillTargetsOf = ({ range }: TrainingWindow) =>
    fillTargets(targets, openBase, { range, onProgress, signal, turn })
  if (windows[0]) await fillTargetsOf(windows[0])

  const shape = tailShape(base.architecture.hiddenSize, adapterWidths, speller, settings.anchor)
  const questions = await questionsOf(states.heldOut, states.answers.pieces.prefix)
  const rows = openHeadRows(base)
  const samples =
    options.writesSamples && questions.length > 0
      ? createSampleWriter(base, tokenizer, Int32Array.from(questions[0]!), settings)
      : null
  const openWindow = async (window: TrainingWindow) => {
    // The model that writes or reads the window takes their place.
    await samples?.release()
    await fill(window)
    onEvent({ type: 'phase', phase: 'targets' })
    await fillTargetsOf(window)
  }
  const secondsBefore = checkpoint?.state.seconds ?? 0
  const seconds = () => secondsBefore + (performance.now() - started) / 1000
  try {
    const stage = { ...plan, shape, speller, targets, usage, rows, samples, questions, seconds, textSeconds }
    const from = checkpoint && stateFrom(checkpoint.step, checkpoint.tensors)
    const final = await train(run, stage, { from, windows, openWindow }, options)
    return await measureSymbols(run, stage, final, options)
  } finally {
    rows.close()
    await samples?.release()
  }
}

/** Goes through windows one after another; the first is there already. */
async function train(
  run: ConversionRun,
  stage: SymbolStage,
  {
    from,
    windows,
    openWindow,
  }: {
    readonly from: TrainerState | null
    readonly windows: readonly TrainingWindow[]
    readonly openWindow: (window: TrainingWindow) => Promise<void>
  },
  options: JobOptions,
): Promise<LearntTail> {
  const { settings } = run
  const { onEvent, finishEarly, turn = ownTurn } = options
  const { targets, usage, rows, seconds, textSeconds } = stage
  const steps = totalSteps(batchPlan(targets.cache, settings))
  const evaluateEvery = Math.max(1, Math.floor(steps / evaluationsAlongTheWay))
  const endStep = createCheckpointClock(run, options)
  const isEnough = () => finishEarly?.aborted ?? false
  const learn = (window: TrainingWindow, state: TrainerState | null) =>
    distillSymbols(stage, targets, { rows, usage }, settings, {
      device: settings.device,
      isEnough,
      until: window.end,
      turn,
      ...(state ? { from: state } : {}),
      onStep: async (metrics, currentState) => {
        await run.appendMetrics({ type: 'step', ...metrics })
        onEvent({ type: 'step', steps, tokens: settings.batchTokens, ...metrics })
        if (metrics.step % evaluateEvery === 0 && metrics.step < steps)
          await evaluateSymbols(run, stage, learntTail(await currentState()), {
            maxPositions: quickPositions,
            options,
          })
        const tensors = async () => tensorsOf(await currentState())
        // What is learnt from a window must be safe before the next one takes its place.
        await endStep(metrics.step, metrics.step === window.end, tensors, { seconds: seconds(), textSeconds })
      },
    })

  let state = from
  for (const [i, window] of windows.entries()) {
    if (state && isEnough()) break
    if (i > 0) await openWindow(window)
    onEvent({ type: 'phase', phase: 'train' })
    state = await learn(window, state)
  }
  if (!state) throw new TypeError('nothing to learn from')
  return learntTail(state)
}
