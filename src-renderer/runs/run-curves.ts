import type { LogLine, RunEvent, RunHistory, SamplePoint, StepPoint } from '../../src-main/contract/index.ts'

/**
 * The curves of a run, column by column. The columns grow in place, outside of React, because a run has
 * 100,000 steps and more; `rewrites` tells who has derived something from them that they were cut.
 */
export interface RunCurves {
  readonly step: number[]
  readonly loss: number[]
  readonly learningRate: number[]
  readonly gradientNorm: number[]
  readonly tokensPerSecond: number[]
  /** Per head, thinned out: `headAccuracy[head][i]` belongs to `headStep[i]`. */
  readonly headStep: number[]
  readonly headAccuracy: number[][]
  /** Steps of the tail for sampling; empty for a run without one. */
  readonly samplingStep: number[]
  readonly divergence: number[]
  readonly evaluationStep: number[]
  readonly trieAgreement: number[]
  readonly freeAgreement: number[]
  readonly samples: SamplePoint[]
  /** The newest lines, oldest first. */
  readonly log: LogLine[]
  /** How often a column lost its end, because the run went back to a checkpoint. */
  rewrites: number
}

const maxHeadMoments = 1_000
const maxLogLines = 2_000

export function createRunCurves(history: RunHistory): RunCurves {
  const { evaluations } = history
  return {
    step: [...history.step],
    loss: [...history.loss],
    learningRate: [...history.learningRate],
    gradientNorm: [...history.gradientNorm],
    tokensPerSecond: [...history.tokensPerSecond],
    headStep: [...history.headStep],
    headAccuracy: history.headAccuracy.map((column) => [...column]),
    samplingStep: [...history.samplingStep],
    divergence: [...history.divergence],
    evaluationStep: evaluations.map(({ step }) => step),
    trieAgreement: evaluations.map(({ agreement }) => agreement.trie),
    freeAgreement: evaluations.map(({ agreement }) => agreement.free),
    samples: [...history.samples],
    log: history.log.slice(-maxLogLines),
    rewrites: 0,
  }
}

/** The last step that the curves know of; 0 before the first. */
export const lastStep = (curves: RunCurves): number => curves.step.at(-1) ?? 0

/**
 * Adds what happened. Whatever is reported of a step replaces all of its kind that was known from that step on: so
 * a run that resumes from a checkpoint overwrites what it had done after it, and nothing is there twice.
 */
export function applyRunEvent(curves: RunCurves, event: RunEvent): void {
  switch (event.type) {
    case 'steps':
      for (const point of event.points) addStep(curves, point)
      break
    case 'samplingSteps':
      for (const { step, divergence } of event.points) {
        cutFrom(curves, step, curves.samplingStep, [curves.divergence])
        curves.samplingStep.push(step)
        curves.divergence.push(divergence)
      }
      break
    case 'evaluation': {
      const { step, agreement } = event.point
      cutFrom(curves, step, curves.evaluationStep, [curves.trieAgreement, curves.freeAgreement])
      curves.evaluationStep.push(step)
      curves.trieAgreement.push(agreement.trie)
      curves.freeAgreement.push(agreement.free)
      break
    }
    case 'sample':
      while ((curves.samples.at(-1)?.step ?? -1) >= event.point.step) curves.samples.pop()
      curves.samples.push(event.point)
      break
    case 'log':
      curves.log.push(event.line)
      if (curves.log.length > maxLogLines) curves.log.splice(0, curves.log.length - maxLogLines)
      break
  }
}

function addStep(curves: RunCurves, point: StepPoint): void {
  const { step, loss, learningRate, gradientNorm, tokensPerSecond } = curves
  cutFrom(curves, point.step, step, [loss, learningRate, gradientNorm, tokensPerSecond])
  step.push(point.step)
  loss.push(point.loss)
  learningRate.push(point.learningRate)
  gradientNorm.push(point.gradientNorm)
  tokensPerSecond.push(point.tokensPerSecond)
  addHeadAccuracy(curves, point)
}

/**
 * Keeps about a moment for each five-hundredth of the run, and the newest: what small charts can show. The
 * moments become sparser as the run grows.
 */
function addHeadAccuracy(curves: RunCurves, point: StepPoint): void {
  const { headStep, headAccuracy } = curves
  cutFrom(curves, point.step, headStep, headAccuracy)
  if (headStep.length === 0) headAccuracy.splice(0, headAccuracy.length, ...point.headAccuracy.map(() => []))
  const spacing = (point.step - (headStep[0] ?? point.step)) / (maxHeadMoments / 2)
  const isCloseToLast = headStep.length > 1 && headStep.at(-1)! - headStep.at(-2)! < spacing
  const length = isCloseToLast ? headStep.length - 1 : headStep.length
  headStep[length] = point.step
  headAccuracy.forEach((column, head) => (column[length] = point.headAccuracy[head] ?? 0))
  if (length >= maxHeadMoments) for (const column of [headStep, ...headAccuracy]) keepEverySecond(column)
}

/** Halves a column, in place. The newest value stays. */
function keepEverySecond(column: number[]): void {
  let kept = 0
  for (let index = (column.length - 1) % 2; index < column.length; index += 2) column[kept++] = column[index]!
  column.length = kept
}

/** Drops what `steps` and its columns have from a step on. */
function cutFrom(curves: RunCurves, step: number, steps: number[], columns: readonly number[][]): void {
  let length = steps.length
  while (length > 0 && steps[length - 1]! >= step) length--
  if (length === steps.length) return
  steps.length = length
  for (const column of columns) column.length = length
  curves.rewrites++
}
