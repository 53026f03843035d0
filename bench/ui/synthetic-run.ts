import { setTimeout } from 'node:timers/promises'
import type { RunEvent, RunHistory, RunSummary, StepPoint } from '../../src-main/contract/index.ts'
import { seededRandom } from '../../src-main/base/random.ts'

const heads = 12
const plannedSteps = 1_000_000
const bunchMilliseconds = 100
/** As many moments of the heads' accuracy as the contract allows in a history. */
const headMoments = 500
const stepsBetweenEvaluations = 5_000
const firstStep = 1

/** A run that trains without computing anything: its curves are those of a real one, and as noisy. */
export interface SyntheticRun {
  readonly id: string
  /** The last step so far. */
  readonly step: number
  summary(): RunSummary
  history(): RunHistory
  /** What happens after a step, until the signal fires. */
  events(afterStep: number, signal: AbortSignal | undefined): AsyncGenerator<RunEvent>
  /** Takes no further step. */
  stop(): void
}

/**
 * Starts a run.
 *
 * @param history steps that it has taken before
 * @param pointsPerSecond steps that it takes from now on
 */
export function startSyntheticRun(history: number, pointsPerSecond: number): SyntheticRun {
  const id = 'synthetic'
  const random = seededRandom(1)
  const points: StepPoint[] = []
  const advance = (count: number) => {
    for (let i = 0; i < count; i++) points.push(stepPoint(points.length + firstStep, random.uniform()))
  }
  advance(history)
  const started = performance.now()
  const timer = setInterval(() => {
    const due = history + Math.floor(((performance.now() - started) / 1000) * pointsPerSecond)
    advance(due - points.length)
  }, bunchMilliseconds / 2)

  return {
    id,
    get step() {
      return points.length
    },
    summary: () => summaryOf(id, points, pointsPerSecond),
    history: () => historyOf(points),
    events: async function* (afterStep, signal) {
      let told = afterStep
      while (!signal?.aborted) {
        const fresh = points.slice(told)
        if (fresh.length > 0) yield { type: 'steps', points: fresh }
        for (const { step } of fresh) if (step % stepsBetweenEvaluations === 0) yield* evaluation(step)
        told += fresh.length
        // It rejects when the signal fires, and then there is nothing to wait for.
        await setTimeout(bunchMilliseconds, undefined, { signal }).catch(() => undefined)
      }
    },
    stop: () => clearInterval(timer),
  }
}

function stepPoint(step: number, noise: number): StepPoint {
  const progress = 1 - Math.exp(-step / 20_000)
  return {
    step,
    loss: 0.4 + 3 * (1 - progress) + 0.3 * (noise - 0.5),
    headAccuracy: Array.from({ length: heads }, (_, head) =>
      Math.min(1, progress * (0.8 + head / 60) + 0.02 * noise),
    ),
    learningRate: 3e-3 * (1 - step / plannedSteps),
    gradientNorm: 0.5 + noise,
    tokensPerSecond: 30_000 + 4_000 * noise,
  }
}

function historyOf(points: readonly StepPoint[]): RunHistory {
  const spacing = Math.max(1, Math.floor(points.length / headMoments))
  const moments = points.filter((_, index) => index % spacing === 0).slice(0, headMoments)
  const evaluated = points.filter(({ step }) => step % stepsBetweenEvaluations === 0)
  return {
    step: points.map(({ step }) => step),
    loss: points.map(({ loss }) => loss),
    learningRate: points.map(({ learningRate }) => learningRate),
    gradientNorm: points.map(({ gradientNorm }) => gradientNorm),
    tokensPerSecond: points.map(({ tokensPerSecond }) => tokensPerSecond),
    headStep: moments.map(({ step }) => step),
    headAccuracy: Array.from({ length: heads }, (_, head) =>
      moments.map(({ headAccuracy }) => headAccuracy[head]!),
    ),
    samplingStep: [],
    divergence: [],
    evaluations: evaluated.map(({ step }) => ({ step, agreement: agreementAt(step) })),
    samples: evaluated.map(({ step }) => sampleAt(step)),
    log: [],
  }
}

function* evaluation(step: number): Generator<RunEvent> {
  yield { type: 'evaluation', point: { step, agreement: agreementAt(step) } }
  yield { type: 'sample', point: sampleAt(step) }
  yield {
    type: 'log',
    line: { at: new Date().toISOString(), level: 'info', message: `Measured at step ${step}.` },
  }
}

function agreementAt(step: number) {
  const trie = 0.97 * (1 - Math.exp(-step / 10_000))
  return { trie, free: trie - 0.02, positions: 4_096 }
}

const sampleWords = ' there was a small house by the river where a cat lived with its friends'.match(/ \w+/g)!

function sampleAt(step: number) {
  return { step, prompt: 'Once upon a time', base: [...sampleWords], spellm: [...sampleWords].reverse() }
}

function summaryOf(id: string, points: readonly StepPoint[], pointsPerSecond: number): RunSummary {
  const spacing = Math.max(1, Math.floor(points.length / 48))
  const last = points.at(-1)
  return {
    id,
    folder: `/runs/${id}`,
    status: 'running',
    created: '2026-01-01T00:00:00Z',
    base: { name: 'Sample model', reference: 'sample' },
    settings: syntheticSettings,
    step: last?.step ?? 0,
    steps: plannedSteps,
    progress: {
      phase: 'train',
      done: (last?.step ?? 0) * syntheticSettings.batchTokens,
      total: plannedSteps * syntheticSettings.batchTokens,
      rate: last?.tokensPerSecond ?? null,
      secondsLeft: (plannedSteps - points.length) / pointsPerSecond,
    },
    result: null,
    problem: null,
    sparkline: points.filter((_, index) => index % spacing === 0).map(({ loss }) => loss),
  }
}

export const syntheticSettings: NonNullable<RunSummary['settings']> = {
  base: 'sample',
  texts: [],
  questions: [],
  tokens: 10_000_000,
  k: heads,
  units: 'token',
  alphabet: 'auto',
  tokenSymbols: 0,
  contextSymbols: 512,
  objective: 'soft',
  epochs: 200,
  batchTokens: 2_048,
  peakLearningRates: { adapter: 3e-3, heads: 3e-3 },
  seed: 1,
  device: 'cpu',
  samplingTail: false,
  precision: 'stored',
  keepCache: false,
  mode: 'trie',
}
