import { join } from 'node:path'
import { z } from 'zod'
import { freeChooser, type Chooser } from '../decode/chooser.ts'
import { fitToDevice } from '../decode/golden-check.ts'
import { defaultCandidates, shortlistChooser } from '../decode/shortlist.ts'
import { countTokens } from '../distill/corpus.ts'
import { distill } from '../distill/distill.ts'
import { distillDistribution, distributionSettings } from '../distill/distill-distribution.ts'
import { totalSteps } from '../distill/schedule.ts'
import {
  deleteTeacherCache,
  largestDivisor,
  missingCacheBytes,
  planTeacherCache,
  teacherCacheShape,
  type TeacherCache,
} from '../distill/teacher-cache.ts'
import { batchPlan } from '../distill/train-tail.ts'
import { SpellmError } from '../base/errors.ts'
import { measureAgreement } from '../evaluate/agreement.ts'
import type { Tokenizer } from '../tokenizer/index.ts'
import { sourceOf, type BaseModel } from '../models/base-model.ts'
import { openHeadRows, type HeadRows } from '../models/head-rows.ts'
import { tailParameterCount, type TailShape } from '../models/tail.ts'
import { cacheFolder, spellmFolder, type Run } from '../runs/index.ts'
import { deviceMemory } from '../runtime/memory/require-memory.ts'
import { freshState } from '../runtime/trainer/index.ts'
import { ownTurn } from '../runtime/turns.ts'
import { alphabetSize } from '../spelling/alphabet.ts'
import { corpusCoverage, vocabularyCoverage } from '../spelling/coverage.ts'
import type { Speller } from '../spelling/speller.ts'
import { buildTextSpeller } from '../spelling/text-speller.ts'
import { wordCoverage } from '../spelling/word-coverage.ts'
import { countWords } from '../spelling/words.ts'
import { saveSpellm } from '../spellm/spellm.ts'
import { createTailSession, tailBits, tailShape, type TailSession } from '../spellm/tail-session.ts'
import { createCheckpointClock } from './checkpoint-clock.ts'
import {
  learntTail,
  samplingPrefix,
  stateFrom,
  tensorsOf,
  weightTensors,
  weightsFrom,
  type LearntTail,
} from './checkpoint-tensors.ts'
import { teacherMemoryBytes, trainingMemoryBytes } from './conversion-cost.ts'
import { heldOutTokens } from './conversion-text.ts'
import type { JobOptions } from './events.ts'
import { fillCaches, positionsOf, type Portion } from './fill-caches.ts'
import { lastMetrics } from './last-metrics.ts'
import { measureGates } from './measure-gates.ts'
import { requireDiskSpace, requireRoom } from './require-room.ts'
import type { ConversionResult } from './result.ts'
import { loadTokens } from './run-tokens.ts'
import { createSampleWriter, type SampleWriter } from './sample-writer.ts'
import { defaultAdapterWidths, type RunSettings } from './settings.ts'

/** Positions of the evaluations along the way. */
const quickPositions = 4_096
const evaluationsAlongTheWay = 8

const sessionStateSchema = z.object({
  seconds: z.number(),
  /** Steps that the tail for sampling has taken; null: the first tail is still learning. */
  samplingSteps: z.int().nullable().default(null),
})

type ConversionRun = Run<RunSettings>

/** What training needs, all of it a function of the settings and the text. */
export interface Prepared {
  readonly base: BaseModel
  readonly tokenizer: Tokenizer
  readonly speller: Speller
  readonly shape: TailShape
  readonly tokenCounts: Uint32Array
  /** Where words are spelled: see `countWords`. */
  readonly wordCounts: ReadonlyMap<string, number> | null
  /** How many windows the teacher reads at once: as many as memory has room for. */
  readonly windowsAtOnce: number
  readonly training: Portion
  readonly heldOut: Portion
}

/** Reads the text, and plans what it takes to learn to spell. Throws SpellmError for bad input. */
export async function prepareSpelling(
  run: ConversionRun,
  opened: BaseModel,
  tokenizer: Tokenizer,
  options: JobOptions,
): Promise<Prepared> {
  const { settings, folder } = run
  const onNotice = (message: string) => options.onEvent({ type: 'notice', message })
  const base = await fitToDevice(opened, settings.device, onNotice)
  const cacheShape = teacherCacheShape(base.architecture)
  const { tokens, hiddenSize } = cacheShape
  const plan = (name: string, windows: number) =>
    planTeacherCache(join(folder, cacheFolder, name), cacheShape, windows)
  const { positionsPerChunk } = plan('training', 0)
  const heldOutLength = heldOutTokens(base.architecture)

  options.onEvent({ type: 'phase', phase: 'text' })
  const ids = await loadTokens(
    run,
    base,
    tokenizer,
    heldOutLength,
    heldOutLength + positionsPerChunk,
    options,
  )
  // The held-out text comes first: so it is the same whatever the budget.
  const heldOut = { cache: plan('held-out', heldOutLength / tokens), ids: ids.subarray(0, heldOutLength) }
  const rest = ids.subarray(heldOutLength)
  const training = { cache: plan('training', Math.floor(rest.length / tokens)), ids: rest }

  const tokenCounts = countTokens(rest, tokenizer.vocabularySize)
  const wordCounts = settings.units === 'word' ? countWords(rest, tokenizer.entries) : null
  const text = { counts: tokenCounts, words: wordCounts }
  const speller = buildTextSpeller(tokenizer.entries, text, settings)
  const shape = tailShape(hiddenSize, settings.adapterWidths ?? defaultAdapterWidths(hiddenSize), speller)
  if (totalSteps(batchPlan(training.cache, settings)) === 0)
    throw new SpellmError(
      'setting-invalid',
      `A batch of ${settings.batchTokens} tokens is larger than the text of ${rest.length} tokens.`,
      'Give more text or choose smaller batches.',
    )
  await requireDiskSpace(
    folder,
    (await missingCacheBytes(training.cache)) + (await missingCacheBytes(heldOut.cache)),
  )
  const windowsAtOnce = await requireConversionMemory(base, shape, training.cache, settings, options)
  return { base, tokenizer, speller, shape, tokenCounts, wordCounts, windowsAtOnce, training, heldOut }
}

/**
 * Looks whether memory has room for the teacher and for training.
 *
 * @returns how many windows the teacher can read at once
 * @throws SpellmError 'out-of-memory'
 */
export async function requireConversionMemory(
  { architecture }: BaseModel,
  shape: TailShape,
  cache: TeacherCache,
  settings: RunSettings,
  options: JobOptions,
): Promise<number> {
  const { device } = settings
  const { free } = await deviceMemory(device)
  const { batch } = cache.shape
  const teacher = (windows: number) => teacherMemoryBytes(architecture, settings, windows)
  let windows = batch
  while (windows > 1 && teacher(windows) > free) windows = largestDivisor(batch, Math.floor(windows / 2))
  const { chunks, positionsPerChunk } = cache
  const training = trainingMemoryBytes(architecture, shape, { ...settings, chunks, positionsPerChunk })
  await requireRoom('This conversion', Math.max(teacher(windows), training), device, options)
  if (windows < batch)
    options.onEvent({
      type: 'notice',
      message: `Memory is short: the base model reads ${windows} of ${batch} windows of text at a time.`,
    })
  return windows
}

/**
 * Teaches heads that spell every token, and measures them.
 *
 * @param started when this session of the run began, as `performance.now` has it
 */
export async function learnSpelling(
  run: ConversionRun,
  prepared: Prepared,
  started: number,
  options: JobOptions,
): Promise<ConversionResult> {
  const { base, tokenizer, heldOut } = prepared
  const samples = options.writesSamples
    ? createSampleWriter(base, tokenizer, heldOut.ids, run.settings)
    : null
  const rows = openHeadRows(base)
  try {
    return await trainAndMeasure(run, prepared, started, { samples, rows }, options)
  } finally {
    await samples?.release()
    rows.close()
  }
}

async function trainAndMeasure(
  run: ConversionRun,
  prepared: Prepared,
  started: number,
  { samples, rows }: { readonly samples: SampleWriter | null; readonly rows: HeadRows },
  options: JobOptions,
): Promise<ConversionResult> {
  const { settings } = run
  const { onEvent, signal, finishEarly, turn = ownTurn } = options
  const { base, tokenizer, speller, shape, training, heldOut } = prepared
  const tokenize = (text: string) => tokenizer.encode(text)
  const bits = tailBits(settings.precision, settings.device)

  onEvent({ type: 'phase', phase: 'cache' })
  const portions = [heldOut, training]
  await fillCaches(base, settings, { portions, windowsAtOnce: prepared.windowsAtOnce }, options)

  const { checkpoint, warnings } = await run.resume(sessionStateSchema)
  for (const message of warnings) onEvent({ type: 'notice', message })
  const secondsBefore = checkpoint?.state.seconds ?? 0
  const seconds = () => secondsBefore + (performance.now() - started) / 1000

  /** Measures the weights on held-out positions, and shows what they make of a text. */
  const evaluate = async (
    { step, weights }: LearntTail,
    limits: { readonly maxPositions?: number; readonly signal?: AbortSignal },
  ) => {
    const tail = await createTailSession(shape, weights, speller, bits)
    try {
      const agreement = await measureAgreement(tail, heldOut.cache, tokenize, { ...limits, turn })
      await run.appendMetrics({ type: 'evaluation', step, agreement })
      onEvent({ type: 'evaluation', step, agreement })
      if (samples) {
        const sample = await samples.write(spelling(tail), turn)
        await run.appendMetrics({ type: 'sample', step, ...sample })
        onEvent({ type: 'sample', step, ...sample })
      }
      return agreement
    } finally {
      await tail.release()
    }
  }

  /**
   * Gated mode has its threshold only when training is over, and lossless mode writes what the base model writes: both are
   * shown by trie mode, which they draw on.
   */
  const spelling = (tail: TailSession): Chooser =>
    settings.mode === 'free'
      ? freeChooser(tail, tokenize, null)
      : shortlistChooser(tail, rows, defaultCandidates, null)
  const endStep = createCheckpointClock(run, options)
  const common = { device: settings.device, isEnough: () => finishEarly?.aborted ?? false, turn }

  const learn = async (): Promise<LearntTail> => {
    const steps = totalSteps(batchPlan(training.cache, settings))
    const evaluateEvery = Math.max(1, Math.floor(steps / evaluationsAlongTheWay))
    const state = await distill(shape, speller, training.cache, settings, {
      ...common,
      text: training.ids,
      ...(checkpoint ? { from: stateFrom(checkpoint.step, checkpoint.tensors) } : {}),
      onStep: async (metrics, currentState) => {
        await run.appendMetrics({ type: 'step', ...metrics })
        onEvent({ type: 'step', steps, tokens: settings.batchTokens, ...metrics })
        if (metrics.step % evaluateEvery === 0 && metrics.step < steps)
          await evaluate(learntTail(await currentState()), { maxPositions: quickPositions })
        await endStep(metrics.step, metrics.step === steps, async () => tensorsOf(await currentState()), {
          seconds: seconds(),
          samplingSteps: null,
        })
      },
    })
    return learntTail(state)
  }
  /** Begins with the weights of the first tail. */
  const learnSampling = async (first: LearntTail): Promise<LearntTail> => {
    const plan = distributionSettings(settings)
    const steps = totalSteps(batchPlan(training.cache, plan))
    const known = checkpoint && checkpoint.state.samplingSteps !== null
    const initial = known
      ? stateFrom(checkpoint.state.samplingSteps!, checkpoint.tensors, samplingPrefix)
      : freshState(first.weights)
    const teacher = { architecture: base.architecture, rows, tokenCounts: prepared.tokenCounts }
    const state = await distillDistribution(shape, speller, teacher, training.cache, plan, initial, {
      ...common,
      onStep: async (metrics, currentState) => {
        // Metrics and checkpoints of a run have one order.
        const step = first.step + metrics.step
        await run.appendMetrics({ type: 'samplingStep', ...metrics, step })
        onEvent({
          type: 'samplingStep',
          ...metrics,
          step,
          done: metrics.step,
          steps,
          tokens: plan.batchTokens,
        })
        const tensors = async () => ({
          ...weightTensors(first.weights),
          ...tensorsOf(await currentState(), samplingPrefix),
        })
        const state = { seconds: seconds(), samplingSteps: metrics.step }
        await endStep(step, metrics.step === steps, tensors, state)
      },
    })
    return learntTail(state)
  }

  onEvent({ type: 'phase', phase: 'train' })
  const samplingSteps = checkpoint?.state.samplingSteps ?? null
  const final =
    checkpoint && samplingSteps !== null
      ? { step: checkpoint.step - samplingSteps, weights: weightsFrom(checkpoint.tensors) }
      : await learn()
  const isCutShort = samplingSteps === null && (finishEarly?.aborted ?? false)
  if (settings.samplingTail && isCutShort)
    onEvent({ type: 'notice', message: 'Finished early: no tail for sampling was learnt.' })
  let sampling: LearntTail | null = null
  if (settings.samplingTail && !isCutShort) {
    onEvent({ type: 'phase', phase: 'sampling' })
    sampling = await learnSampling(final)
  }

  onEvent({ type: 'phase', phase: 'evaluate' })
  const agreement = await evaluate(final, signal ? { signal } : {})
  const { loss, headAccuracy, divergence } = await lastMetrics(run)
  const tail = await createTailSession(shape, final.weights, speller, bits)
  const gates = await measureGates(base, tail, heldOut.ids, {
    windowTokens: heldOut.cache.shape.tokens,
    device: settings.device,
    onProgress: (done, total) => onEvent({ type: 'progress', phase: 'evaluate', done, total }),
    signal,
    turn,
  }).finally(() => tail.release())
  await saveSpellm(join(run.folder, spellmFolder), run.base, {
    speller,
    adapterWidths: shape.adapterWidths,
    weights: final.weights,
    samplingWeights: sampling?.weights ?? null,
    gates,
    precision: settings.precision,
    mode: settings.mode,
    hiddenSize: shape.hiddenSize,
  })
  const result: ConversionResult = {
    agreement,
    device: settings.device,
    tokens: Math.min(positionsOf(training.cache), final.step * settings.batchTokens),
    steps: final.step,
    seconds: seconds(),
    textSeconds: null,
    k: speller.k,
    alphabetSize: alphabetSize(speller.alphabet),
    loss,
    headAccuracy: [...headAccuracy],
    samplingTail: sampling && { steps: sampling.step, divergence },
    coverage: {
      vocabulary: vocabularyCoverage(speller),
      corpus: corpusCoverage(speller, prepared.tokenCounts),
    },
    units: settings.units,
    words: prepared.wordCounts && wordCoverage(speller, tokenizer.entries, prepared.wordCounts),
    parameters: {
      tail: tailParameterCount(shape),
      baseHead: base.architecture.vocabularySize * base.architecture.hiddenSize,
    },
    tokenSymbols: 0,
    groups: 0,
    tailShare: null,
    verdict: null,
    source: sourceOf(base),
  }
  await run.finish(result)
  if (!settings.keepCache) await deleteTeacherCache(join(run.folder, cacheFolder))
  return result
}
