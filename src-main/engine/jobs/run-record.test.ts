import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StepPoint } from '../../contract/index.ts'
import {
  createRunRecord,
  readRunRecord,
  runHistory,
  sparkline,
  stepsAfter,
  type RunRecord,
} from './run-record.ts'

const steps = 100_000
const lossAt = (step: number) => Number((5 / step).toPrecision(7))
const point = (step: number): StepPoint => ({
  step,
  loss: lossAt(step),
  headAccuracy: [step / steps, 1 - step / steps],
  learningRate: 0.001,
  gradientNorm: 1,
  tokensPerSecond: 1_000,
})
const agreement = { trie: 0.5, free: 0.4, positions: 100 }

describe('the record of a long run', () => {
  let folder = ''
  let record: RunRecord
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spellm-record-'))
    const lines = ['{"type":"weather","step":0,"sun":true}']
    for (let step = 1; step <= steps; step++) {
      const { learningRate, ...rest } = point(step)
      const learningRates = { adapter: learningRate, heads: 0.002 }
      lines.push(JSON.stringify({ type: 'step', epoch: 0, learningRates, ...rest }))
      if (step % 25_000 === 0) lines.push(JSON.stringify({ type: 'evaluation', step, agreement }))
    }
    lines.push(JSON.stringify({ type: 'sample', step: steps, prompt: 'a', base: ['b'], spellm: ['c'] }))
    await writeFile(join(folder, 'metrics.jsonl'), `${lines.join('\n')}\n{"type":"step","st`)
    record = await readRunRecord(folder)
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('is read whole, column by column, with the accuracy of heads at 500 moments', () => {
    const history = runHistory(record, [])
    expect(history.step).toEqual(Array.from({ length: steps }, (_, i) => i + 1))
    for (const step of [1, 2, 777, steps]) expect(history.loss[step - 1]).toBe(lossAt(step))
    expect(history.evaluations.map(({ step }) => step)).toEqual([25_000, 50_000, 75_000, steps])
    expect(history.samples).toEqual([{ step: steps, prompt: 'a', base: ['b'], spellm: ['c'] }])
    expect(history.headStep).toHaveLength(500)
    expect([history.headStep[0], history.headStep[499]]).toEqual([1, steps])
    expect(history.headAccuracy).toHaveLength(2)
    history.headStep.forEach((step, i) => expect(history.headAccuracy[0]![i]).toBeCloseTo(step / steps, 6))
  })

  it('has a sparkline of 48 points from first to last', () => {
    const points = sparkline(record)
    expect(points).toHaveLength(48)
    expect([points[0], points[47]]).toEqual([lossAt(1), lossAt(steps)])
  })

  it('says which line can not be read', async () => {
    await writeFile(join(folder, 'metrics.jsonl'), '{"type":"step","step":1}\n{"type":\n')
    await expect(readRunRecord(folder)).rejects.toMatchObject({
      code: 'run-corrupt',
      message: expect.stringContaining('line 2') as string,
    })
  })
})

describe('a record that grows', () => {
  it('replaces steps that a run does again after its checkpoint', () => {
    const record = createRunRecord()
    for (const step of [1, 2, 3, 4, 5]) record.addStep(point(step))
    record.addEvaluation({ step: 2, agreement })
    record.addEvaluation({ step: 4, agreement })
    record.addSample({ step: 4, prompt: '', base: [], spellm: [] })
    record.addStep({ ...point(4), loss: 9 })
    expect(record.steps.map(({ step, loss }) => [step, loss])).toEqual([
      [1, lossAt(1)],
      [2, lossAt(2)],
      [3, lossAt(3)],
      [4, 9],
    ])
    expect(record.evaluations.map(({ step }) => step)).toEqual([2])
    expect(record.samples).toEqual([])
  })

  it('has the steps of the tail for sampling apart, and replaces them too', () => {
    const record = createRunRecord()
    record.addStep(point(1))
    for (const step of [2, 3, 4]) record.addSamplingStep({ step, divergence: 1 / step })
    record.addSamplingStep({ step: 3, divergence: 0.5 })
    expect(runHistory(record, [])).toMatchObject({ step: [1], samplingStep: [2, 3], divergence: [0.5, 0.5] })
    record.addStep(point(1))
    expect(record.samplingSteps).toEqual([])
  })

  it('tells the steps after one', () => {
    const record = createRunRecord()
    for (const step of [1, 2, 3]) record.addStep(point(step))
    expect(stepsAfter(record, 0)).toEqual([1, 2, 3].map(point))
    expect(stepsAfter(record, 2)).toEqual([point(3)])
    expect(stepsAfter(record, 3)).toEqual([])
  })

  it('of few steps is told whole', () => {
    const record = createRunRecord()
    expect(runHistory(record, [])).toMatchObject({ step: [], headStep: [], headAccuracy: [] })
    record.addStep(point(1))
    expect(sparkline(record)).toEqual([lossAt(1)])
    expect(runHistory(record, []).headAccuracy).toEqual([[1 / steps], [1 - 1 / steps]])
  })
})
