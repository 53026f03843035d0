import { expect, test } from 'vitest'
import type { StepPoint } from '../../src-main/contract/index.ts'
import { followCurves } from './live-history.ts'
import { applyRunEvent, createRunCurves } from './run-curves.ts'

const point = (step: number, loss: number): StepPoint => ({
  step,
  loss,
  headAccuracy: [],
  learningRate: 0,
  gradientNorm: 0,
  tokensPerSecond: 0,
})

test('columns grow with the curves, and are cut where a run goes back to a checkpoint', () => {
  const curves = createRunCurves({
    step: [1, 2],
    loss: [4, 3],
    learningRate: [0, 0],
    gradientNorm: [0, 0],
    tokensPerSecond: [0, 0],
    headStep: [],
    headAccuracy: [],
    samplingStep: [],
    divergence: [],
    evaluations: [],
    samples: [],
    log: [],
  })
  const { history, extend } = followCurves('first', curves, 1, 512)
  expect(history).toMatchObject({ id: 'first', step: [512, 1024], smoothedLoss: [4, 3] })
  applyRunEvent(curves, { type: 'steps', points: [point(3, 2), point(4, 1)] })
  applyRunEvent(curves, {
    type: 'evaluation',
    point: { step: 4, agreement: { trie: 0.9, free: 0.8, positions: 10 } },
  })
  extend()
  expect(history).toMatchObject({ step: [512, 1024, 1536, 2048], smoothedLoss: [4, 3, 2, 1] })
  expect(history).toMatchObject({ evaluationStep: [2048], trieAgreement: [0.9], freeAgreement: [0.8] })
  applyRunEvent(curves, { type: 'steps', points: [point(3, 2.5)] })
  extend()
  expect(history).toMatchObject({ step: [512, 1024, 1536], smoothedLoss: [4, 3, 2.5] })
})
