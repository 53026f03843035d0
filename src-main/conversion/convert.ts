import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { createTailSession, tailBits, tailShape, type TailWeights } from '../spellm/tail-session.ts'
import { fitToDevice } from '../decode/golden-check.ts'
import { hashBaseModel, saveSpellm } from '../spellm/spellm.ts'
import { collectTokens, countTokens } from '../distill/corpus.ts'
import { distill, type HeadAccuracy } from '../distill/distill.ts'
import { distillDistribution, distributionSettings } from '../distill/distill-distribution.ts'
import { batchPlan, type StepMetrics } from '../distill/train-tail.ts'
import { totalSteps } from '../distill/schedule.ts'
import { sampleText } from '../distill/self-sampling.ts'
import {
  deleteTeacherCache,
  fillTeacherCache,
  largestDivisor,
  missingCacheBytes,
  planTeacherCache,
  teacherCacheShape,
  type TeacherCache,
} from '../distill/teacher-cache.ts'
import { CancelledError, SpellmError } from '../errors.ts'
import { measureAgreement, type Agreement } from '../evaluate/agreement.ts'
import { openSafetensors, readTensorBytes, writeSafetensors } from '../formats/safetensors.ts'
import type { Tokenizer } from '../formats/tokenizer.ts'
import { checkWeights, openBaseModel, openModelTokenizer, type BaseModel } from '../models/base-model.ts'
import { withPrecision } from '../models/precision.ts'
import { openHeadRows } from '../models/head-rows.ts'
import { modelFolder, sampleModelName } from '../models/model-folder.ts'
import { tailParameterCount, type TailShape } from '../models/tail.ts'
import { createWindowSession } from '../models/trunk-session.ts'
import {
  cacheFolder,
  createRun,
  openRun,
  readDescription,
  readResult,
  spellmFolder,
  type CheckpointTensors,
  type Run,
} from '../runs/index.ts'
import { deviceSchema, type Device, type DeviceChoice } from '../runtime/devices/device.ts'
import type { KnownDevices } from '../runtime/devices/known-devices.ts'
import { deviceMemory, requireMemory } from '../runtime/memory/require-memory.ts'
import { freshState, parametersOf, type TrainerState } from '../runtime/trainer.ts'
import { ownTurn, type Turn } from '../runtime/turns.ts'
import { alphabetSize } from '../spelling/alphabet.ts'
import { corpusCoverage, vocabularyCoverage } from '../spelling/coverage.ts'
import type { Speller } from '../spelling/speller.ts'
import { buildTextSpeller } from '../spelling/text-speller.ts'
import { wordCoverage } from '../spelling/word-coverage.ts'
import { countWords, unitKinds } from '../spelling/words.ts'
import { conversionDocuments, heldOutTokens } from './conversion-text.ts'
import { freeDiskBytes, machine } from './machine.ts'
import { teacherMemoryBytes, trainingMemoryBytes, writingMemoryBytes } from './conversion-cost.ts'
import { measureGates } from './measure-gates.ts'
import { createSampleWriter, type Sample, type SampleWriter } from './sample-writer.ts'
import { ownDevices } from './own-devices.ts'
import {
  defaultAdapterWidths,
  runSettingsSchema,
  type ConversionSettings,
  type RunSettings,
} from './settings.ts'

export const conversionPhases = ['check', 'text', 'cache', 'train', 'sampling', 'evaluate'] as const
export type ConversionPhase = (typeof conversionPhases)[number]

/** What a conversion reports while it runs. */
export type ConversionEvent =
  | { readonly type: 'phase'; readonly phase: ConversionPhase }
  /** Tokens or positions of the present phase. */
  | {
      readonly type: 'progress'
      readonly phase: ConversionPhase
      readonly done: number
      readonly total: number
    }
  | ({ readonly type: 'step'; readonly steps: number; readonly tokens: number } & StepMetrics & HeadAccuracy)
  /** A step of the tail for sampling; `step` goes on from those of the first tail, `done` of `steps` doesn't. */
  | ({
      readonly type: 'samplingStep'
      readonly done: number
      readonly steps: number
      readonly tokens: number
    } & StepMetrics)
  | { readonly type: 'evaluation'; readonly step: number; readonly agreement: Agreement }
  | ({ readonly type: 'sample'; readonly step: number } & Sample)
  /** The device was left open, and this one was taken. */
  | { readonly type: 'device'; readonly device: Device; readonly reason: string }
  | { readonly type: 'notice'; readonly message: string }

const coverageSchema = z.object({
  covered: z.number(),
  truncated: z.number(),
  shadowed: z.number(),
  uncovered: z.number(),
  symbol: z.number().default(0),
})

const wordCoverageSchema = z.object({
  words: z.number(),
  tokensPerWord: z.number(),
  covered: z.number(),
  truncated: z.number(),
  uncovered: z.number(),
  tokensPerStep: z.number(),
})

/** What a finished conversion says of itself. */
export const conversionResultSchema = z.object({
  agreement: z.object({ trie: z.number(), free: z.number(), positions: z.number() }),
  /** Null in results of versions that knew of one device only. */
  device: deviceSchema.nullable().default(null),
  /** Tokens learnt from, without the held-out ones. */
  tokens: z.number(),
  steps: z.number(),
  /** Over all sessions of the run, as far as their checkpoints tell. */
  seconds: z.number(),
  k: z.number(),
  alphabetSize: z.number(),
  loss: z.number(),
  headAccuracy: z.array(z.number()),
  /** The tail for sampling: its last loss, the divergence from the base model in nats. Null: there is none. */
  samplingTail: z.object({ steps: z.number(), divergence: z.number() }).nullable().default(null),
  coverage: z.object({ vocabulary: coverageSchema, corpus: coverageSchema }),
  units: z.enum(unitKinds).default('token'),
  /** Of the text's words, where words are spelled. */
  words: wordCoverageSchema.nullable().default(null),
  parameters: z.object({ tail: z.number(), baseHead: z.number() }),
})
export type ConversionResult = z.infer<typeof conversionResultSchema>

export interface JobOptions {
  readonly onEvent: (event: ConversionEvent) => void
  readonly signal?: AbortSignal
  /** When it fires, training ends after the present step, and the run is finished with the weights so far. */
  readonly finishEarly?: AbortSignal
  /** Whether base model and SpeLLM continue a text at each evaluation. Default: no. */
  readonly writesSamples?: boolean
  /** Where each step computes. */
  readonly turn?: Turn
  /** Whether to go on where memory seems too short. */
  readonly ignoresShortage?: boolean
  /** The devices of this machine; default: as this user's other programs know them. */
  readonly devices?: KnownDevices
}

/** Positions of the evaluations along the way. */
const quickPositions = 4_096
const evaluationsAlongTheWay = 8
const tokensFile = 'tokens.safetensors'

const sessionStateSchema = z.object({
  seconds: z.number(),
  /** Steps that the tail for sampling has taken; null: the first tail is still learning. */
  samplingSteps: z.int().nullable().default(null),
})

/**
 * Converts a base model into a SpeLLM in a new run folder: text, teacher cache, distillation, measurement on
 * held-out text.
 *
 * @throws SpellmError with nothing left behind if the input is bad; SpellmError 'disk-full', and CancelledError
 *   when the signal fires, with everything done so far kept for `resumeConversion`
 */
export async function convert(
  folder: string,
  settings: ConversionSettings,
  options: JobOptions,
): Promise<ConversionResult> {
  const started = performance.now()
  options.onEvent({ type: 'phase', phase: 'check' })
  const device = await resolveDevice(settings.device, options)
  const stored = await openBaseModel(modelFolder(settings.base))
  const tokenizer = await openModelTokenizer(stored)
  await checkWeights(stored, options.signal)
  const sha256 = await hashBaseModel(stored)
  const base = await inPrecision(stored, sha256, settings, options)
  const run = await createRun(folder, runSettingsSchema, {
    settings: { ...settings, device },
    base: { path: settings.base === sampleModelName ? sampleModelName : base.folder, sha256 },
    environment: { ...machine() },
  })
  try {
    const prepared = await discardOnBadInput(run, () => prepare(run, base, tokenizer, options))
    return await train(run, prepared, started, options)
  } finally {
    await run.close()
  }
}

/**
 * Goes on with a run that was stopped or killed. The result is that of an uninterrupted run.
 *
 * @throws SpellmError 'run-mismatch' if the base model has changed, and as `openRun`
 */
export async function resumeConversion(folder: string, options: JobOptions): Promise<ConversionResult> {
  const started = performance.now()
  options.onEvent({ type: 'phase', phase: 'check' })
  const { base: reference, settings } = await readDescription(folder, runSettingsSchema)
  const finished = await readResult(folder, conversionResultSchema)
  if (finished) return finished
  await resolveDevice(settings.device, options)
  const stored = await openBaseModel(modelFolder(reference.path))
  const tokenizer = await openModelTokenizer(stored)
  const sha256 = await hashBaseModel(stored)
  const base = await inPrecision(stored, sha256, settings, options)
  const run = await openRun(folder, runSettingsSchema, { expectedBase: sha256 })
  try {
    return await train(run, await prepare(run, base, tokenizer, options), started, options)
  } finally {
    await run.close()
  }
}

/** The base model in the run's precision; quantised now if it has not been before. */
async function inPrecision(
  base: BaseModel,
  sha256: string,
  { precision }: Pick<ConversionSettings, 'precision'>,
  { onEvent, signal }: JobOptions,
): Promise<BaseModel> {
  return withPrecision(base, precision, sha256, {
    onQuantize: (done, total) => onEvent({ type: 'progress', phase: 'check', done, total }),
    ...(signal ? { signal } : {}),
  })
}

/** The device to compute on, with a notice of why where it was left open. */
async function resolveDevice(
  choice: DeviceChoice,
  { onEvent, devices = ownDevices() }: JobOptions,
): Promise<Device> {
  const { device, reason } = await devices.resolve(choice)
  if (reason !== null) onEvent({ type: 'device', device, reason })
  return device
}

type ConversionRun = Run<RunSettings>

/** What training needs, all of it a function of the settings and the text. */
interface Prepared {
  readonly base: BaseModel
  readonly tokenizer: Tokenizer
  readonly speller: Speller
  readonly shape: TailShape
  readonly tokenCounts: Uint32Array
  /** Where words are spelled: see `countWords`. */
  readonly wordCounts: ReadonlyMap<string, number> | null
  /** Of the teacher, as many as memory has room for. */
  readonly windowsAtOnce: number
  readonly training: Portion
  readonly heldOut: Portion
}

interface Portion {
  readonly cache: TeacherCache
  readonly ids: Int32Array
}

/** A new run whose input turns out to be bad leaves nothing behind. A full disk is no fault of the input. */
async function discardOnBadInput<T>(run: ConversionRun, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof SpellmError && error.code !== 'disk-full') {
      await run.close()
      await rm(run.folder, { recursive: true, force: true })
    }
    throw error
  }
}

async function prepare(
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

/** The run's tokens: those stored with it, or read, told or sampled now and stored. */
async function loadTokens(
  run: ConversionRun,
  base: BaseModel,
  tokenizer: Tokenizer,
  heldOutLength: number,
  minimum: number,
  options: JobOptions,
): Promise<Int32Array> {
  const { onEvent, signal, turn = ownTurn } = options
  const { settings, folder } = run
  const path = join(folder, tokensFile)
  const stored = await openSafetensors(path).catch((error: unknown) => {
    if (error instanceof SpellmError && error.code === 'file-not-found') return null
    throw error
  })
  if (stored) return new Int32Array((await readTensorBytes(stored.tensors.get('tokens')!)).buffer)

  const limit = Math.max(heldOutLength + settings.tokens, minimum)
  const onProgress = (done: number) => {
    if (signal?.aborted) throw new CancelledError()
    onEvent({ type: 'progress', phase: 'text', done: Math.min(done, limit), total: limit })
  }
  let ids: Int32Array
  const documents = conversionDocuments(settings)
  const windowTokens = teacherCacheShape(base.architecture).tokens
  if (documents === null) {
    onEvent({ type: 'notice', message: 'No text was given: the base model writes it itself.' })
    const needed = writingMemoryBytes(base.architecture, settings)
    await requireRoom('A base model that writes the text', needed, settings.device, options)
    const sampling = {
      tokens: limit,
      sequenceLength: windowTokens,
      seed: settings.seed,
      device: settings.device,
      onProgress,
      turn,
    }
    ids = await sampleText(base, signal ? { ...sampling, signal } : sampling)
  } else {
    const limits = { limit, minimum, windowTokens, onProgress }
    ids = await collectTokens(documents, tokenizer, base.architecture, limits)
  }
  await writeSafetensors(path, { tokens: { dtype: 'I32', shape: [ids.length], data: ids } })
  return ids
}

/** Gives notice where memory gets tight. Throws SpellmError 'out-of-memory' where it can't be enough. */
async function requireRoom(
  task: string,
  needed: number,
  device: Device,
  { onEvent, ignoresShortage = false }: JobOptions,
): Promise<void> {
  const warning = requireMemory(task, needed, await deviceMemory(device), { ignoresShortage })
  if (warning !== null) onEvent({ type: 'notice', message: warning })
}

/**
 * Looks whether memory has room for the teacher and for training.
 *
 * @returns how many windows the teacher can read at once
 * @throws SpellmError 'out-of-memory'
 */
async function requireConversionMemory(
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
  const training = trainingMemoryBytes(architecture, shape, { ...settings, chunks: cache.chunks })
  await requireRoom('This conversion', Math.max(teacher(windows), training), device, options)
  if (windows < batch)
    options.onEvent({
      type: 'notice',
      message: `Memory is short: the base model reads ${windows} of ${batch} windows of text at a time.`,
    })
  return windows
}

async function requireDiskSpace(folder: string, bytes: number): Promise<void> {
  const free = await freeDiskBytes(folder)
  if (free < bytes * 1.05)
    throw new SpellmError(
      'disk-full',
      `${folder}: the teacher cache needs ${(bytes / 1e9).toFixed(1)} GB, ${(free / 1e9).toFixed(1)} GB are free.`,
      'Free some disk space, choose another folder for the run, or learn from fewer tokens.',
    )
}

/** @param started when this session of the run began, as `performance.now` has it */
async function train(
  run: ConversionRun,
  prepared: Prepared,
  started: number,
  options: JobOptions,
): Promise<ConversionResult> {
  const { base, tokenizer, heldOut } = prepared
  const samples = options.writesSamples
    ? createSampleWriter(base, tokenizer, heldOut.ids, run.settings)
    : null
  try {
    return await trainAndMeasure(run, prepared, started, samples, options)
  } finally {
    await samples?.release()
  }
}

async function trainAndMeasure(
  run: ConversionRun,
  prepared: Prepared,
  started: number,
  samples: SampleWriter | null,
  options: JobOptions,
): Promise<ConversionResult> {
  const { settings } = run
  const { onEvent, signal, finishEarly, turn = ownTurn } = options
  const { base, tokenizer, speller, shape, training, heldOut } = prepared
  const tokenize = (text: string) => tokenizer.encode(text)
  const bits = tailBits(settings.precision, settings.device)

  onEvent({ type: 'phase', phase: 'cache' })
  await fillCaches(run, prepared, options)

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
        const sample = await samples.write(tail, turn)
        await run.appendMetrics({ type: 'sample', step, ...sample })
        onEvent({ type: 'sample', step, ...sample })
      }
      return agreement
    } finally {
      await tail.release()
    }
  }

  let lastCheckpoint = performance.now()
  /** Saves a checkpoint where one is due, and ends this session of the run where that is asked for. */
  const endStep = async (
    step: number,
    samplingSteps: number | null,
    isLast: boolean,
    tensors: () => Promise<CheckpointTensors>,
  ) => {
    const isStopping = signal?.aborted ?? false
    if (
      isStopping ||
      finishEarly?.aborted ||
      isLast ||
      performance.now() - lastCheckpoint > settings.checkpointSeconds * 1000
    ) {
      await run.saveCheckpoint(step, await tensors(), { seconds: seconds(), samplingSteps })
      lastCheckpoint = performance.now()
    }
    if (isStopping) throw new CancelledError()
  }
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
        await endStep(metrics.step, null, metrics.step === steps, async () => tensorsOf(await currentState()))
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
    const rows = openHeadRows(base)
    try {
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
          await endStep(step, metrics.step, metrics.step === steps, async () => ({
            ...weightTensors(first.weights),
            ...tensorsOf(await currentState(), samplingPrefix),
          }))
        },
      })
      return learntTail(state)
    } finally {
      rows.close()
    }
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
  }
  await run.finish(result)
  if (!settings.keepCache) await deleteTeacherCache(join(run.folder, cacheFolder))
  return result
}

/** The teacher runs over the held-out text and the training text; chunks that are there stay. */
async function fillCaches(
  { settings }: ConversionRun,
  { base, windowsAtOnce, heldOut, training }: Prepared,
  { onEvent, signal, turn = ownTurn }: JobOptions,
) {
  const total = positionsOf(heldOut.cache) + positionsOf(training.cache)
  let before = 0
  for (const { cache, ids } of [heldOut, training]) {
    const openTeacher = (batch: number) =>
      createWindowSession(base, { batch, tokens: cache.shape.tokens, device: settings.device })
    const onProgress = ({ chunk, done }: { chunk: number; done: number }) =>
      onEvent({
        type: 'progress',
        phase: 'cache',
        done: before + chunk * cache.positionsPerChunk + done,
        total,
      })
    const onShortage = (windows: number) =>
      onEvent({
        type: 'notice',
        message: `Memory ran out: the base model goes on with ${windows === 1 ? 'one window' : `${windows} windows`} of text at a time.`,
      })
    await fillTeacherCache(cache, ids, openTeacher, {
      windowsAtOnce,
      onProgress,
      onShortage,
      turn,
      ...(signal ? { signal } : {}),
    })
    before += positionsOf(cache)
  }
}

const positionsOf = ({ chunks, positionsPerChunk }: TeacherCache) => chunks * positionsPerChunk

const storedStepSchema = z.looseObject({
  type: z.string(),
  loss: z.number().optional(),
  headAccuracy: z.array(z.number()).optional(),
})

/** What the last steps of the first tail and of that for sampling measured; NaN where there was none. */
async function lastMetrics(
  run: ConversionRun,
): Promise<{ loss: number; headAccuracy: readonly number[]; divergence: number }> {
  const last = { loss: NaN, headAccuracy: [] as readonly number[], divergence: NaN }
  for await (const { type, loss, headAccuracy } of run.readMetrics(storedStepSchema)) {
    if (type === 'step' && loss !== undefined && headAccuracy) Object.assign(last, { loss, headAccuracy })
    if (type === 'samplingStep' && loss !== undefined) last.divergence = loss
  }
  return last
}

/** A tail after so many steps. */
interface LearntTail {
  readonly step: number
  readonly weights: TailWeights
}

const learntTail = (state: TrainerState): LearntTail => ({ step: state.step, weights: parametersOf(state) })

const roles = ['parameter', 'first', 'second'] as const
const samplingPrefix = 'sampling.'
const asTensor = (data: Float32Array) => ({ shape: [data.length], data })

function tensorsOf({ tensors }: TrainerState, prefix = ''): CheckpointTensors {
  return Object.fromEntries(
    [...tensors].flatMap(([name, state]) =>
      roles.map((role) => [`${prefix}${role}.${name}`, asTensor(state[role])] as const),
    ),
  )
}

/** A tail that learns no more: its moments aren't needed. */
function weightTensors(weights: TailWeights): CheckpointTensors {
  return Object.fromEntries([...weights].map(([name, data]) => [`parameter.${name}`, asTensor(data)]))
}

function weightsFrom(tensors: CheckpointTensors, prefix = ''): Map<string, Float32Array> {
  const start = `${prefix}parameter.`
  return new Map(
    Object.entries(tensors).flatMap(([key, { data }]) =>
      key.startsWith(start) ? [[key.slice(start.length), data] as const] : [],
    ),
  )
}

function stateFrom(step: number, tensors: CheckpointTensors, prefix = ''): TrainerState {
  const moment = (role: string, name: string) => tensors[`${prefix}${role}.${name}`]!.data
  const states = [...weightsFrom(tensors, prefix)].map(
    ([name, parameter]) =>
      [name, { parameter, first: moment('first', name), second: moment('second', name) }] as const,
  )
  return { step, tensors: new Map(states) }
}
