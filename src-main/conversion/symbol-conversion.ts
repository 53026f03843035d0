import { join } from 'node:path'
import { z } from 'zod'
import { fitToDevice } from '../decode/golden-check.ts'
import { distillSymbols } from '../distill/distill-symbols.ts'
import { vocabularyGroups } from '../distill/position-targets.ts'
import { totalSteps } from '../distill/schedule.ts'
import { fillTargets, type TargetCache } from '../distill/target-cache.ts'
import { deleteTeacherCache, missingCacheBytes } from '../distill/teacher-cache.ts'
import { batchPlan } from '../distill/train-tail.ts'
import { SpellmError } from '../errors.ts'
import { createSymbolReader } from '../evaluate/symbol-text.ts'
import type { Tokenizer } from '../formats/tokenizer.ts'
import { createBaseDistribution } from '../models/base-distribution.ts'
import type { BaseModel } from '../models/base-model.ts'
import { openHeadRows, type HeadRows } from '../models/head-rows.ts'
import { tailParameterCount, type TailShape } from '../models/tail.ts'
import { cacheFolder, spellmFolder, type Run } from '../runs/index.ts'
import { ownTurn } from '../runtime/turns.ts'
import { alphabetSize } from '../spelling/alphabet.ts'
import { corpusCoverage, vocabularyCoverage } from '../spelling/coverage.ts'
import { firstSymbolsOf, type Speller } from '../spelling/speller.ts'
import { saveSpellm } from '../spellm/spellm.ts'
import { tailShape } from '../spellm/tail-session.ts'
import { requireConversionMemory } from './character-conversion.ts'
import { createCheckpointClock } from './checkpoint-clock.ts'
import { learntTail, stateFrom, tensorsOf, type LearntTail } from './checkpoint-tensors.ts'
import { runSpeller } from './choose-groups.ts'
import { runUsage, symbolSpeller } from './choose-symbols.ts'
import { ownTextMemory, tailShareOf, trainingMemoryBytes } from './conversion-cost.ts'
import type { JobOptions } from './events.ts'
import { positionsOf } from './fill-caches.ts'
import { lastMetrics } from './last-metrics.ts'
import { measureAnswers, measuringChooser } from './measure-answers.ts'
import { requireDiskSpace, requireRoom } from './require-room.ts'
import type { ConversionResult } from './result.ts'
import { createSampleWriter, type SampleWriter } from './sample-writer.ts'
import { symbolAdapterWidths, type RunSettings } from './settings.ts'
import { fillStates, planStates, type StatesPlan } from './symbol-states.ts'
import { measureVerdict, questionsOf } from './verdict.ts'

type ConversionRun = Run<RunSettings>

/** What a conversion with token symbols has planned. */
export interface SymbolPlan {
  readonly base: BaseModel
  readonly tokenizer: Tokenizer
  readonly adapterWidths: readonly number[]
  readonly states: StatesPlan
  /** Windows of a given text that the teacher reads at once. */
  readonly windowsAtOnce: number
}

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
  // What can't be spelled is said before anything is computed.
  const even = Float64Array.from(tokenizer.entries, ({ special }) => (special ? 0 : 1))
  const speller = symbolSpeller(tokenizer, even, settings, adapterWidths)
  const states = await planStates(run, base, tokenizer, options)
  if (totalSteps(batchPlan(states.training, settings)) === 0)
    throw new SpellmError(
      'setting-invalid',
      `A batch of ${settings.batchTokens} tokens is larger than the text of ${positionsOf(states.training)} tokens.`,
      'Give more text or choose smaller batches.',
    )
  const targets = positionsOf(states.training) * (2 * alphabetSize(speller.alphabet) + 24)
  await requireDiskSpace(
    folder,
    (await missingCacheBytes(states.training)) + (await missingCacheBytes(states.heldOut)) + targets,
  )
  const shape = tailShape(hiddenSize, adapterWidths, speller)
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
  const { chunks, positionsPerChunk } = training
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

const sessionStateSchema = z.object({ seconds: z.number() })

/** Positions of the evaluations along the way. */
const quickPositions = 2_048
const evaluationsAlongTheWay = 4

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
  const { base, tokenizer, states, adapterWidths, windowsAtOnce } = plan
  await fillStates(states, base, tokenizer, settings, { windowsAtOnce, options })

  const openBase = () => createBaseDistribution(base, tokenizer.vocabularySize, { device: settings.device })
  onEvent({ type: 'phase', phase: 'targets' })
  const usage = await runUsage(folder, states.training, { tokenizer, openBase, signal, turn })
  const planned = symbolSpeller(tokenizer, usage, settings, adapterWidths)
  const speller = await runSpeller(folder, planned, base, tokenizer, signal)
  const groups = vocabularyGroups(firstSymbolsOf(speller), alphabetSize(speller.alphabet))
  const { objective, seed } = settings
  const targets: TargetCache = { cache: states.training, groups, settings: { objective, seed } }
  await fillTargets(targets, openBase, {
    onProgress: (done, total) => onEvent({ type: 'progress', phase: 'targets', done, total }),
    signal,
    turn,
  })

  const shape = tailShape(base.architecture.hiddenSize, adapterWidths, speller)
  const questions = await questionsOf(states.heldOut, states.answers.pieces.prefix)
  const rows = openHeadRows(base)
  const samples =
    options.writesSamples && questions.length > 0
      ? createSampleWriter(base, tokenizer, Int32Array.from(questions[0]!), settings)
      : null
  try {
    const stage = { ...plan, shape, speller, targets, usage, rows, samples, questions }
    return await trainAndMeasure(run, stage, started, options)
  } finally {
    rows.close()
    await samples?.release()
  }
}

/** What training and measuring need. */
interface Stage extends SymbolPlan {
  readonly shape: TailShape
  readonly speller: Speller
  readonly targets: TargetCache
  readonly usage: Float64Array
  readonly rows: HeadRows
  /** null: none are shown. */
  readonly samples: SampleWriter | null
  readonly questions: readonly (readonly number[])[]
}

async function trainAndMeasure(
  run: ConversionRun,
  stage: Stage,
  started: number,
  options: JobOptions,
): Promise<ConversionResult> {
  const { settings } = run
  const { onEvent, signal, finishEarly, turn = ownTurn } = options
  const { base, speller, shape, states, targets, usage, rows } = stage
  const { checkpoint, warnings } = await run.resume(sessionStateSchema)
  for (const message of warnings) onEvent({ type: 'notice', message })
  const secondsBefore = checkpoint?.state.seconds ?? 0
  const seconds = () => secondsBefore + (performance.now() - started) / 1000

  onEvent({ type: 'phase', phase: 'train' })
  const steps = totalSteps(batchPlan(targets.cache, settings))
  const evaluateEvery = Math.max(1, Math.floor(steps / evaluationsAlongTheWay))
  const endStep = createCheckpointClock(run, options)
  const state = await distillSymbols(shape, speller, targets, { rows, usage }, settings, {
    device: settings.device,
    isEnough: () => finishEarly?.aborted ?? false,
    turn,
    ...(checkpoint ? { from: stateFrom(checkpoint.step, checkpoint.tensors) } : {}),
    onStep: async (metrics, currentState) => {
      await run.appendMetrics({ type: 'step', ...metrics })
      onEvent({ type: 'step', steps, tokens: settings.batchTokens, ...metrics })
      if (metrics.step % evaluateEvery === 0 && metrics.step < steps)
        await evaluate(run, stage, learntTail(await currentState()), {
          maxPositions: quickPositions,
          options,
        })
      const tensors = async () => tensorsOf(await currentState())
      await endStep(metrics.step, metrics.step === steps, tensors, { seconds: seconds() })
    },
  })
  const final = learntTail(state)
  const { loss, headAccuracy } = await lastMetrics(run)

  onEvent({ type: 'phase', phase: 'evaluate' })
  const { agreement, doubts } = await evaluate(run, stage, final, { options })
  const spellmPath = join(run.folder, spellmFolder)
  await saveSpellm(spellmPath, run.base, {
    speller,
    adapterWidths: shape.adapterWidths,
    weights: final.weights,
    gates: [],
    precision: settings.precision,
    mode: settings.mode,
    contextSymbols: settings.contextSymbols,
    doubts,
    hiddenSize: shape.hiddenSize,
  })
  const verdict =
    stage.questions.length === 0
      ? null
      : await measureVerdict(spellmPath, run.base.path, stage.questions, {
          device: settings.device,
          onProgress: (done, total) => onEvent({ type: 'progress', phase: 'evaluate', done, total }),
          signal,
          turn,
        })
  const { vocabularySize, hiddenSize } = base.architecture
  const result: ConversionResult = {
    agreement,
    device: settings.device,
    tokens: Math.min(positionsOf(states.training), final.step * settings.batchTokens),
    steps: final.step,
    seconds: seconds(),
    k: speller.k,
    alphabetSize: alphabetSize(speller.alphabet),
    loss,
    headAccuracy: [...headAccuracy],
    samplingTail: null,
    coverage: {
      vocabulary: vocabularyCoverage(speller),
      corpus: corpusCoverage(speller, usage),
    },
    units: settings.units,
    words: null,
    parameters: { tail: tailParameterCount(shape), baseHead: vocabularySize * hiddenSize },
    tokenSymbols: speller.alphabet.tokenSymbols?.length ?? 0,
    groups: speller.alphabet.unit === 'group' ? speller.alphabet.groups.length : 0,
    tailShare: tailShareOf(shape, speller, base.architecture),
    verdict,
  }
  await run.finish(result)
  if (!settings.keepCache) await deleteTeacherCache(join(run.folder, cacheFolder))
  return result
}

/** Measures weights on held-out answers, and shows what they make of a text. */
async function evaluate(
  run: ConversionRun,
  stage: Stage,
  { step, weights }: LearntTail,
  { maxPositions, options }: { readonly maxPositions?: number; readonly options: JobOptions },
) {
  const { onEvent, signal, turn = ownTurn } = options
  const { base, tokenizer, speller, shape, rows, samples, states } = stage
  const { device, precision, contextSymbols } = run.settings
  const { adapterWidths } = shape
  const tail = { base, speller, adapterWidths, weights, precision, contextSymbols }
  const reader = await createSymbolReader(tail, rows, device)
  const tokenize = (text: string) => tokenizer.encode(text)
  try {
    const limits = maxPositions === undefined ? { signal } : { maxPositions }
    const measurement = await measureAnswers(reader, states.heldOut, tokenize, { ...limits, turn })
    const { agreement } = measurement
    await run.appendMetrics({ type: 'evaluation', step, agreement })
    onEvent({ type: 'evaluation', step, agreement })
    if (samples) {
      const sample = await samples.write(measuringChooser(reader), turn)
      await run.appendMetrics({ type: 'sample', step, ...sample })
      onEvent({ type: 'sample', step, ...sample })
    }
    return measurement
  } finally {
    await reader.release()
  }
}
