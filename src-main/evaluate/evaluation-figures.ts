import { basename } from 'node:path'
import type { Interval } from './clustered-share.ts'
import { stepsSaved, type Evaluation, type TaskEvaluation } from './evaluation.ts'
import type { KindRow } from './mode-agreement.ts'
import { modeFigures } from './mode-figures.ts'
import type { TextEvaluation } from './text-evaluation.ts'
import { namedFigures } from './tasks/named-figures.ts'

/** The figures of an evaluation under the names that docs/evaluation.md explains. */
export function evaluationFigures(evaluation: Evaluation) {
  const { kind, text, gateShare, rollOuts, tasks, namedTasks, baselines, device, precision, source } =
    evaluation
  const { agreement, calibration, textCalibration, samplingTail } = text
  return {
    text: kind,
    modes: evaluation.modes.map((mode) => modeFigures(mode, evaluation)),
    baselines,
    agreement: { positions: agreement.positions, ...mapValues(agreement.agreement, ({ value }) => value) },
    agreementNoLoops: {
      positions: agreement.noLoops.positions,
      ...mapValues(agreement.noLoops.agreement, ({ value }) => value),
    },
    intervals: mapValues(agreement.agreement, bounds),
    candidates: text.candidates,
    gateShare,
    gatedBaseShare: text.gatedBaseShare,
    words: text.words && {
      positions: text.words.positions,
      exactness: mapValues(text.words.exactness, ({ value }) => value),
      intervals: mapValues(text.words.exactness, bounds),
      tokensPerStep: text.words.tokensPerStep,
    },
    kinds: mapValues(agreement.kinds, (rows: readonly KindRow[]) => rows),
    ...perplexityFigures(text),
    calibrationError: calibration.expectedError,
    calibrationBins: calibration.bins,
    textCalibrationError: textCalibration.spellm.expectedError,
    baseTextCalibrationError: textCalibration.base.expectedError,
    samplingTail: samplingTail && {
      perplexity: samplingTail.perplexity.perplexity.value,
      perplexityInterval: bounds(samplingTail.perplexity.perplexity),
      textCalibrationError: samplingTail.textCalibration.expectedError,
    },
    rollOuts: rollOuts.divergence.map((mode) => ({
      ...mode,
      tokensPerHeadPass: mode.headPasses === 0 ? null : mode.tokens / mode.headPasses,
      stepsSaved: stepsSaved(mode),
    })),
    tasks: [...namedTasks.map(namedFigures), ...tasks.map(taskFileFigures)],
    device,
    precision,
    source,
  }
}

/**
 * The SpeLLM's perplexity next to the base model's on the same tokens: by the learnt log-normaliser where there is one, else by
 * what the SpeLLM says by itself.
 */
function perplexityFigures({
  perplexity,
  storedPerplexity,
  learntPerplexity,
  spellmPerplexity,
}: TextEvaluation) {
  const own = learntPerplexity ?? spellmPerplexity
  return {
    perplexity: own.perplexity.value,
    perplexityInterval: bounds(own.perplexity),
    perplexityTokens: own.tokens,
    basePerplexity: learntPerplexity ? perplexity.perplexity.value : spellmPerplexity.basePerplexity,
    normaliserError: learntPerplexity?.error ?? null,
    textPerplexity: perplexity.perplexity.value,
    textPerplexityInterval: bounds(perplexity.perplexity),
    textPerplexityTokens: perplexity.tokens,
    storedPerplexity: storedPerplexity?.perplexity.value ?? null,
    spellmPerplexity: spellmPerplexity.perplexity.value,
    spellmPerplexityInterval: bounds(spellmPerplexity.perplexity),
    spellmPerplexityTokens: spellmPerplexity.tokens,
    basePerplexityOnSameTokens: spellmPerplexity.basePerplexity,
    unsaidTokens: spellmPerplexity.unsaidTokens,
  }
}

function taskFileFigures({ file, choice, exact }: TaskEvaluation) {
  const accuracy = (model: 'base' | 'spellm') => {
    if (!choice) return null
    const { value: acc, low, high } = choice.results[model].acc
    return { acc, low, high }
  }
  return {
    name: basename(file),
    base: accuracy('base'),
    spellm: accuracy('spellm'),
    file,
    choice: choice?.results ?? null,
    exact: exact?.results ?? null,
  }
}

const bounds = ({ low, high }: Interval) => [low, high] as const

function mapValues<Key extends string, Value, Result>(
  values: Readonly<Partial<Record<Key, Value>>>,
  change: (value: Value) => Result,
): Partial<Record<Key, Result>> {
  return Object.fromEntries(
    Object.entries<Value>(values as Record<string, Value>).map(([key, value]) => [key, change(value)]),
  ) as Partial<Record<Key, Result>>
}
