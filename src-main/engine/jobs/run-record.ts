import { z } from 'zod'
import type {
  EvaluationPoint,
  LogLine,
  RunHistory,
  SamplePoint,
  SamplingPoint,
  StepPoint,
} from '../../contract/index.ts'
import type { HeadAccuracy } from '../../distill/distill.ts'
import type { StepMetrics } from '../../distill/train-tail.ts'
import { readMetrics } from '../../runs/index.ts'

/** What a run has measured so far, each list in the order of steps. */
export interface RunRecord {
  readonly steps: readonly StepPoint[]
  readonly samplingSteps: readonly SamplingPoint[]
  readonly evaluations: readonly EvaluationPoint[]
  readonly samples: readonly SamplePoint[]
}

/** A record that grows with its run. When a run goes back to a checkpoint, its later steps are replaced. */
export interface GrowingRunRecord extends RunRecord {
  addStep(point: StepPoint): void
  addSamplingStep(point: SamplingPoint): void
  addEvaluation(point: EvaluationPoint): void
  addSample(point: SamplePoint): void
}

/** The record of a run that hasn't begun. */
export function createRunRecord(): GrowingRunRecord {
  const steps: StepPoint[] = []
  const samplingSteps: SamplingPoint[] = []
  const evaluations: EvaluationPoint[] = []
  const samples: SamplePoint[] = []
  return {
    steps,
    samplingSteps,
    evaluations,
    samples,
    addStep: (point) => {
      for (const list of [steps, samplingSteps, evaluations, samples])
        while ((list.at(-1)?.step ?? -1) >= point.step) list.pop()
      steps.push(point)
    },
    addSamplingStep: (point) => {
      while ((samplingSteps.at(-1)?.step ?? -1) >= point.step) samplingSteps.pop()
      samplingSteps.push(point)
    },
    addEvaluation: (point) => evaluations.push(point),
    addSample: (point) => samples.push(point),
  }
}

/** One optimiser step as the renderer draws it, in seven digits: those of a float32. */
export function toStepPoint(metrics: StepMetrics & HeadAccuracy): StepPoint {
  return {
    step: metrics.step,
    loss: sevenDigits(metrics.loss),
    headAccuracy: metrics.headAccuracy.map(sevenDigits),
    learningRate: sevenDigits(metrics.learningRates.adapter),
    gradientNorm: sevenDigits(metrics.gradientNorm),
    tokensPerSecond: sevenDigits(metrics.tokensPerSecond),
  }
}

/** A step of the tail for sampling, likewise. */
export function toSamplingPoint({ step, loss }: Pick<StepMetrics, 'step' | 'loss'>): SamplingPoint {
  return { step, divergence: sevenDigits(loss) }
}

const sevenDigits = (value: number) => Number(value.toPrecision(7))

const agreement = z.object({ trie: z.number(), free: z.number(), positions: z.number() })
const recordedEventSchema = z.union([
  z.object({
    type: z.literal('step'),
    step: z.int(),
    epoch: z.int(),
    loss: z.number(),
    headAccuracy: z.array(z.number()),
    learningRates: z.object({ adapter: z.number(), heads: z.number() }),
    gradientNorm: z.number(),
    tokensPerSecond: z.number(),
  }),
  z.object({ type: z.literal('samplingStep'), step: z.int(), loss: z.number() }),
  z.object({ type: z.literal('evaluation'), step: z.int(), agreement }),
  z.object({
    type: z.literal('sample'),
    step: z.int(),
    prompt: z.string(),
    base: z.array(z.string()),
    spellm: z.array(z.string()),
  }),
  // What other versions may have written.
  z.looseObject({ type: z.unknown() }).transform(() => ({ type: 'other' as const })),
])

/**
 * Reads the record of a run from its metrics, in one pass.
 *
 * @throws SpellmError 'run-corrupt' at a line that isn't an event
 */
export async function readRunRecord(folder: string): Promise<GrowingRunRecord> {
  const record = createRunRecord()
  for await (const event of readMetrics(folder, recordedEventSchema)) {
    if (event.type === 'step') record.addStep(toStepPoint(event))
    else if (event.type === 'samplingStep') record.addSamplingStep(toSamplingPoint(event))
    else if (event.type === 'evaluation')
      record.addEvaluation({ step: event.step, agreement: event.agreement })
    else if (event.type === 'sample') {
      const { step, prompt, base, spellm } = event
      record.addSample({ step, prompt, base, spellm })
    }
  }
  return record
}

/** The steps after `step`. */
export function stepsAfter({ steps }: RunRecord, step: number): readonly StepPoint[] {
  // The last ones are asked for most.
  let first = steps.length
  while (first > 0 && steps[first - 1]!.step > step) first--
  return steps.slice(first)
}

const sparklinePoints = 48
const headMoments = 500

/** The loss at moments from the first to the last. */
export function sparkline({ steps }: RunRecord): number[] {
  return thinned(steps, sparklinePoints).map(({ loss }) => loss)
}

/** The record column by column. */
export function runHistory(
  { steps, samplingSteps, evaluations, samples }: RunRecord,
  log: readonly LogLine[],
): RunHistory {
  const moments = thinned(steps, headMoments)
  const heads = moments.at(-1)?.headAccuracy.length ?? 0
  return {
    step: steps.map(({ step }) => step),
    loss: steps.map(({ loss }) => loss),
    learningRate: steps.map(({ learningRate }) => learningRate),
    gradientNorm: steps.map(({ gradientNorm }) => gradientNorm),
    tokensPerSecond: steps.map(({ tokensPerSecond }) => tokensPerSecond),
    headStep: moments.map(({ step }) => step),
    headAccuracy: Array.from({ length: heads }, (_, head) =>
      moments.map(({ headAccuracy }) => headAccuracy[head]!),
    ),
    samplingStep: samplingSteps.map(({ step }) => step),
    divergence: samplingSteps.map(({ divergence }) => divergence),
    evaluations: [...evaluations],
    samples: [...samples],
    log: [...log],
  }
}

/** At most `count` items, evenly spread, the first and the last among them. */
function thinned<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items]
  return Array.from({ length: count }, (_, i) => items[Math.round((i * (items.length - 1)) / (count - 1))]!)
}
