import { describe, expect, it } from 'vitest'
import { tailShape } from '../spellm/tail-session.ts'
import type { WindowSession } from '../models/trunk-session.ts'
import { seededRandom } from '../base/random.ts'
import { temporaryFolder } from '../runs/testing/temporary-folder.ts'
import type { TrainerState } from '../runtime/trainer/index.ts'
import { customAlphabet } from '../spelling/alphabet.ts'
import { buildSpeller } from '../spelling/speller.ts'
import { ordinary, special } from '../spelling/testing/vocabulary.ts'
import { distill, type DistillOptions } from './distill.ts'
import { totalSteps } from './schedule.ts'
import { fillTeacherCache, planTeacherCache, type TeacherCache } from './teacher-cache.ts'
import { batchPlan, defaultDistillSettings, type DistillSettings } from './train-tail.ts'

const hiddenSize = 8
const vocabulary = [special('<end>'), ...['a', 'b', 'ab', 'ba'].map(ordinary)]
const speller = buildSpeller(vocabulary, customAlphabet('ab', vocabulary), 2)
const shape = tailShape(hiddenSize, [4], speller)
const settings: DistillSettings = { ...defaultDistillSettings, batchTokens: 16, epochs: 2, seed: 3 }

/** A cache of 256 positions whose hidden states say nothing about the choices. */
async function randomCache(): Promise<TeacherCache> {
  const cache = planTeacherCache(await temporaryFolder(), { batch: 2, tokens: 4, hiddenSize }, 64)
  const random = seededRandom(1)
  const one = 0x3c00
  const teacher: WindowSession = {
    forward: (tokens) =>
      Promise.resolve({
        hidden: Uint16Array.from({ length: tokens.length * hiddenSize }, () => one - random.below(0x1000)),
        choices: tokens.map(() => random.below(vocabulary.length)),
        logZ: new Float32Array(tokens.length),
      }),
    release: () => Promise.resolve(),
  }
  await fillTeacherCache(cache, new Int32Array(256), () => Promise.resolve(teacher))
  return cache
}

async function train(
  cache: TeacherCache,
  options: Partial<DistillOptions> & { settings?: DistillSettings } = {},
) {
  const steps: number[] = []
  const { settings: own = settings, ...rest } = options
  const state = await distill({ shape, speller }, cache, own, {
    device: 'cpu',
    text: new Int32Array(256),
    onStep: ({ step }) => {
      steps.push(step)
      return Promise.resolve()
    },
    ...rest,
  })
  return { steps, state }
}

function largestDifference(a: TrainerState, b: TrainerState): number {
  let largest = 0
  for (const [name, { parameter }] of a.tensors)
    parameter.forEach((value, i) => {
      largest = Math.max(largest, Math.abs(value - b.tensors.get(name)!.parameter[i]!))
    })
  return largest
}

describe('distillation', () => {
  it('ends early where it is enough, and resumes from there to the weights of one that did not', async () => {
    const cache = await randomCache()
    const whole = await train(cache)
    expect(whole.steps).toHaveLength(totalSteps(batchPlan(cache, settings)))
    let taken = 0
    const early = await train(cache, { isEnough: () => taken++ === 7 })
    expect(early.steps).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(early.state.step).toBe(7)
    expect(largestDifference(early.state, whole.state)).toBeGreaterThan(1e-3)
    const rest = await train(cache, { from: early.state })
    expect([...early.steps, ...rest.steps]).toEqual(whole.steps)
    expect(largestDifference(rest.state, whole.state)).toBeLessThan(1e-6)
  })

  it('computes each step in a turn of its own', async () => {
    let turns = 0
    const { steps } = await train(await randomCache(), {
      turn: (work) => {
        turns++
        return work()
      },
    })
    expect(turns).toBe(steps.length)
  })

  it('stops where it diverges, and says what to do', async () => {
    const absurd = { ...settings, peakLearningRates: { adapter: 1e38, heads: 1e38 } }
    await expect(train(await randomCache(), { settings: absurd })).rejects.toMatchObject({
      code: 'training-diverged',
      message: expect.stringMatching(/after step \d+/) as string,
      remedy: expect.stringMatching(/learning rates/) as string,
    })
  })
})
