import { describe, expect, it } from 'vitest'
import type { RunEvent, RunHistory, StepPoint } from '../../src-main/contract/index.ts'
import { applyRunEvent, createRunCurves, lastStep, type RunCurves } from './run-curves.ts'

const point = (step: number): StepPoint => ({
  step,
  loss: 10 / step,
  headAccuracy: [step / 1e6, 1 - step / 1e6],
  learningRate: step * 1e-5,
  gradientNorm: step + 0.5,
  tokensPerSecond: 1_000 + step,
})
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)
const steps = (from: number, to: number): RunEvent => ({
  type: 'steps',
  points: range(from, to).map(point),
})

/** What the engine would answer after `to` steps. */
function historyUpTo(to: number): RunHistory {
  const points = range(1, to).map(point)
  return {
    step: points.map((p) => p.step),
    loss: points.map((p) => p.loss),
    learningRate: points.map((p) => p.learningRate),
    gradientNorm: points.map((p) => p.gradientNorm),
    tokensPerSecond: points.map((p) => p.tokensPerSecond),
    headStep: points.map((p) => p.step),
    headAccuracy: [0, 1].map((head) => points.map((p) => p.headAccuracy[head]!)),
    samplingStep: [],
    divergence: [],
    evaluations: [],
    samples: [],
    log: [],
  }
}

const numbers = ({ step, loss, learningRate, gradientNorm, tokensPerSecond }: RunCurves) => ({
  step,
  loss,
  learningRate,
  gradientNorm,
  tokensPerSecond,
})

describe('the curves of a run', () => {
  it('have those of its tail for sampling apart, cut where it goes back to a checkpoint', () => {
    const curves = createRunCurves({ ...historyUpTo(5), samplingStep: [6, 7], divergence: [0.9, 0.8] })
    const later = [
      { step: 7, divergence: 0.7 },
      { step: 8, divergence: 0.6 },
    ]
    applyRunEvent(curves, { type: 'samplingSteps', points: later })
    expect([curves.samplingStep, curves.divergence]).toEqual([
      [6, 7, 8],
      [0.9, 0.7, 0.6],
    ])
    expect(lastStep(curves)).toBe(5)
  })

  it('are the same whether they were listened to from the start or loaded half way', () => {
    const listened = createRunCurves(historyUpTo(0))
    for (let step = 1; step <= 300; step += 10) applyRunEvent(listened, steps(step, step + 9))
    const loaded = createRunCurves(historyUpTo(137))
    applyRunEvent(loaded, steps(138, 300))
    expect(numbers(loaded)).toEqual(numbers(listened))
    expect(loaded.step).toEqual(range(1, 300))
    expect(lastStep(loaded)).toBe(300)
  })

  it('have no step twice when the engine tells some again', () => {
    const curves = createRunCurves(historyUpTo(50))
    applyRunEvent(curves, steps(45, 60))
    expect(curves.step).toEqual(range(1, 60))
    expect(curves.headStep).toEqual(range(1, 60))
  })

  it('lose what came after a checkpoint from which the run resumes', () => {
    const curves = createRunCurves(historyUpTo(50))
    applyRunEvent(curves, { type: 'evaluation', point: { step: 40, agreement: agreement(0.5) } })
    applyRunEvent(curves, { type: 'steps', points: [{ ...point(31), loss: 99 }] })
    expect(curves.step).toEqual(range(1, 31))
    expect(curves.loss.at(-1)).toBe(99)
    expect(curves.tokensPerSecond).toHaveLength(31)
    expect(curves.rewrites).toBeGreaterThan(0)
  })

  it('do not touch the history that they were made from', () => {
    const history = historyUpTo(5)
    applyRunEvent(createRunCurves(history), steps(3, 9))
    expect(history).toEqual(historyUpTo(5))
  })

  it('replace an evaluation and a sample that are told again', () => {
    const curves = createRunCurves(historyUpTo(0))
    for (const trie of [0.5, 0.6]) {
      applyRunEvent(curves, { type: 'evaluation', point: { step: 10, agreement: agreement(trie) } })
      applyRunEvent(curves, {
        type: 'sample',
        point: { step: 10, prompt: 'Once', base: [' upon'], spellm: [` ${trie}`] },
      })
    }
    expect(curves.evaluationStep).toEqual([10])
    expect(curves.trieAgreement).toEqual([0.6])
    expect(curves.freeAgreement).toEqual([0.3])
    expect(curves.samples.map(({ spellm }) => spellm)).toEqual([[' 0.6']])
  })

  it('keep the newest 2,000 lines of the log', () => {
    const curves = createRunCurves(historyUpTo(0))
    for (let i = 0; i < 2_500; i++)
      applyRunEvent(curves, { type: 'log', line: { at: '', level: 'info', message: String(i) } })
    expect(curves.log.map(({ message }) => message)).toEqual(range(500, 2_499).map(String))
  })
})

describe('the accuracy of each head', () => {
  const curves = createRunCurves(historyUpTo(0))
  for (let step = 1; step <= 100_000; step += 10) applyRunEvent(curves, steps(step, step + 9))

  it('stays small over 100,000 steps', () => {
    expect(curves.step).toHaveLength(100_000)
    expect(curves.headStep.length).toBeLessThanOrEqual(1_001)
    expect(curves.headAccuracy.map((column) => column.length)).toEqual(
      [0, 1].map(() => curves.headStep.length),
    )
  })

  it('has the newest value, and its values belong to their steps', () => {
    expect(curves.headStep.at(-1)).toBe(100_000)
    curves.headStep.forEach((step, i) => {
      expect(curves.headAccuracy[0]![i]).toBe(step / 1e6)
      expect(curves.headAccuracy[1]![i]).toBe(1 - step / 1e6)
    })
  })

  it('leaves no stretch of the run without a value', () => {
    const gaps = curves.headStep.slice(1).map((step, i) => step - curves.headStep[i]!)
    expect(Math.max(curves.headStep[0]!, ...gaps)).toBeLessThan(1_000)
  })
})

function agreement(trie: number) {
  return { trie, free: trie / 2, positions: 100 }
}
