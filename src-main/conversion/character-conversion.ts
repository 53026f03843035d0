import { join } from 'node:path'
import { z } from 'zod'
import { deleteTeacherCache } from '../distill/teacher-cache.ts'
import type { Agreement } from '../evaluate/agreement.ts'
import { sourceOf } from '../models/base-model.ts'
import { openHeadRows } from '../models/head-rows.ts'
import { tailParameterCount } from '../models/tail.ts'
import { cacheFolder, spellmFolder, type Run } from '../runs/index.ts'
import { ownTurn } from '../runtime/turns.ts'
import { alphabetSize } from '../spelling/alphabet.ts'
import { corpusCoverage, vocabularyCoverage } from '../spelling/coverage.ts'
import { wordCoverage } from '../spelling/word-coverage.ts'
import { saveSpellm } from '../spellm/spellm.ts'
import type { LearntTail } from './checkpoint-tensors.ts'
import { evaluateSpelling, openTail } from './evaluate-spelling.ts'
import type { JobOptions } from './events.ts'
import { fillCaches, positionsOf } from './fill-caches.ts'
import { lastMetrics } from './last-metrics.ts'
import { learnSamplingTail, learnTail } from './learn-spelling.ts'
import { measureGates } from './measure-gates.ts'
import type { SpellingPlan } from './plan-spelling.ts'
import type { ConversionResult } from './result.ts'
import { createSampleWriter } from './sample-writer.ts'
import type { RunSettings } from './settings.ts'
import type { SpellingStage } from './spelling-stage.ts'

const sessionStateSchema = z.object({
  seconds: z.number(),
  samplingSteps: z.int().nullable().default(null),
})

/** What a run has learnt. */
interface LearntTails {
  readonly final: LearntTail
  /** null: none was asked for, or the run was finished before. */
  readonly sampling: LearntTail | null
}

/**
 * Teaches heads that spell every token, and measures them.
 *
 * @param started when this session of the run began, as `performance.now` has it
 */
export async function learnSpelling(
  run: Run<RunSettings>,
  plan: SpellingPlan,
  started: number,
  options: JobOptions,
): Promise<ConversionResult> {
  const { base, tokenizer, heldOut, training, windowsAtOnce } = plan
  const { settings } = run
  const { onEvent, signal } = options
  const samples = options.writesSamples ? createSampleWriter(base, tokenizer, heldOut.ids, settings) : null
  const rows = openHeadRows(base)
  try {
    onEvent({ type: 'phase', phase: 'cache' })
    await fillCaches(base, settings, { portions: [heldOut, training], windowsAtOnce }, options)
    const { checkpoint, warnings } = await run.resume(sessionStateSchema)
    for (const message of warnings) onEvent({ type: 'notice', message })
    const secondsBefore = checkpoint?.state.seconds ?? 0
    const seconds = () => secondsBefore + (performance.now() - started) / 1000
    const stage = { run, plan, rows, samples, checkpoint, seconds, options }

    const tails = await learnTails(stage)
    onEvent({ type: 'phase', phase: 'evaluate' })
    const agreement = await evaluateSpelling(stage, tails.final, signal ? { signal } : {})
    await saveTails(stage, tails)
    const result = await resultOf(stage, tails, agreement)
    await run.finish(result)
    if (!settings.keepCache) await deleteTeacherCache(join(run.folder, cacheFolder))
    return result
  } finally {
    await samples?.release()
    rows.close()
  }
}

async function learnTails(stage: SpellingStage): Promise<LearntTails> {
  const { run, checkpoint, options } = stage
  const { onEvent, finishEarly } = options
  onEvent({ type: 'phase', phase: 'train' })
  const final = await learnTail(stage)
  if (!run.settings.samplingTail) return { final, sampling: null }
  const hasBegunSampling = checkpoint !== null && checkpoint.state.samplingSteps !== null
  if (!hasBegunSampling && finishEarly?.aborted) {
    onEvent({ type: 'notice', message: 'Finished early: no tail for sampling was learnt.' })
    return { final, sampling: null }
  }
  onEvent({ type: 'phase', phase: 'sampling' })
  return { final, sampling: await learnSamplingTail(stage, final) }
}

/** Saves the SpeLLM, with the thresholds of gated mode. */
async function saveTails(stage: SpellingStage, { final, sampling }: LearntTails): Promise<void> {
  const { run, plan, options } = stage
  const { onEvent, signal, turn = ownTurn } = options
  const { base, heldOut, speller, shape } = plan
  const { device, precision, mode } = run.settings
  const tail = await openTail(stage, final.weights)
  const gates = await measureGates(base, tail, heldOut.ids, {
    windowTokens: heldOut.cache.shape.tokens,
    device,
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
    precision,
    mode,
    hiddenSize: shape.hiddenSize,
  })
}

async function resultOf(
  { run, plan, seconds }: SpellingStage,
  { final, sampling }: LearntTails,
  agreement: Agreement,
): Promise<ConversionResult> {
  const { settings } = run
  const { base, tokenizer, speller, shape, training } = plan
  const { loss, headAccuracy, divergence } = await lastMetrics(run)
  return {
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
      corpus: corpusCoverage(speller, plan.tokenCounts),
    },
    units: settings.units,
    words: plan.wordCounts && wordCoverage(speller, tokenizer.entries, plan.wordCounts),
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
}
