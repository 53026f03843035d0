import { join } from 'node:path'
import { SpellmError } from '../base/errors.ts'
import { presentChunks } from '../distill/teacher-cache.ts'
import { createSymbolReader } from '../evaluate/symbol-text.ts'
import { createBaseDistribution } from '../models/base-distribution.ts'
import { sourceOf } from '../models/base-model.ts'
import { tailParameterCount } from '../models/tail.ts'
import { spellmFolder, type Run } from '../runs/index.ts'
import { ownTurn } from '../runtime/turns.ts'
import { alphabetSize } from '../spelling/alphabet.ts'
import { corpusCoverage, vocabularyCoverage } from '../spelling/coverage.ts'
import type { RecordedDoubts } from '../spellm/doubts.ts'
import { saveSpellm } from '../spellm/spellm.ts'
import type { LearntTail } from './checkpoint-tensors.ts'
import { tailShareOf } from './conversion-cost.ts'
import type { JobOptions } from './events.ts'
import { positionsOf } from './fill-caches.ts'
import { settleCache } from './kept-text.ts'
import { lastMetrics } from './last-metrics.ts'
import { measureAnswers, measureDraws, measuringChooser } from './measure-answers.ts'
import type { ConversionResult } from './result.ts'
import type { RunSettings } from './settings.ts'
import type { SymbolStage } from './symbol-stage.ts'
import { measureVerdict } from './verdict.ts'

/** Measures the final tail, saves the SpeLLM, and ends the run. */
export async function measureSymbols(
  run: Run<RunSettings>,
  stage: SymbolStage,
  final: LearntTail,
  options: JobOptions,
): Promise<ConversionResult> {
  const { settings } = run
  const { onEvent, signal, turn = ownTurn } = options
  const { base, speller, shape, states, usage, seconds } = stage
  const { loss, headAccuracy } = await lastMetrics(run)

  onEvent({ type: 'phase', phase: 'evaluate' })
  const { agreement, doubts } = await evaluateSymbols(run, stage, final, { options })
  const drawn = await evaluateDraws(run, stage, final, options).catch((error: unknown) => {
    if (!(error instanceof SpellmError)) throw error
    // What was learnt is not lost for it.
    onEvent({ type: 'notice', message: `Doubts of drawn texts were not recorded: ${error.message}` })
    return null
  })
  const spellmPath = join(run.folder, spellmFolder)
  await saveSpellm(spellmPath, run.base, {
    speller,
    adapterWidths: shape.adapterWidths,
    weights: final.weights,
    gates: [],
    precision: settings.precision,
    mode: settings.mode,
    contextSymbols: settings.contextSymbols,
    anchor: settings.anchor,
    doubts: drawn ? { ...doubts, drawn } : doubts,
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
    textSeconds: stage.textSeconds,
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
    source: sourceOf(base),
  }
  await run.finish(result)
  await settleCache(run, states, options)
  return result
}

/** Measures weights on held-out answers, and shows what they make of a text. */
export async function evaluateSymbols(
  run: Run<RunSettings>,
  stage: SymbolStage,
  { step, weights }: LearntTail,
  { maxPositions, options }: { readonly maxPositions?: number; readonly options: JobOptions },
) {
  const { onEvent, signal, turn = ownTurn } = options
  const { tokenizer, samples, states } = stage
  const reader = await openReader(run, stage, weights)
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

/** Positions that say well enough how doubtful draws are. */
const drawnPositions = 6_144

/**
 * How doubtful draws are along what the base model drew to learn from, as far as that is on disk; null: it wrote nothing, or nothing
 * is there.
 */
async function evaluateDraws(
  run: Run<RunSettings>,
  stage: SymbolStage,
  { weights }: LearntTail,
  { signal, turn = ownTurn }: JobOptions,
): Promise<RecordedDoubts | null> {
  const { base, tokenizer, states } = stage
  const [chunk] = states.own ? await presentChunks(states.training) : []
  if (chunk === undefined) return null
  const distribution = await createBaseDistribution(base, tokenizer.vocabularySize, {
    device: run.settings.device,
  })
  try {
    const reader = await openReader(run, stage, weights)
    try {
      const range = { from: chunk, to: chunk + 1 }
      const read = { range, maxPositions: drawnPositions, signal, turn }
      return await measureDraws(reader, states.training, distribution, read)
    } finally {
      await reader.release()
    }
  } finally {
    await distribution.release()
  }
}

/** A tail that is learning, to read along with. */
function openReader(
  run: Run<RunSettings>,
  { base, speller, shape, rows }: SymbolStage,
  weights: LearntTail['weights'],
) {
  const { device, precision, contextSymbols, anchor } = run.settings
  const { adapterWidths } = shape
  const tail = { base, speller, adapterWidths, weights, precision, contextSymbols, anchor }
  return createSymbolReader(tail, rows, device)
}
