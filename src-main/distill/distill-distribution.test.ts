import { expect, it } from 'vitest'
import { tailShape } from '../spellm/tail-session.ts'
import { seededRandom } from '../base/random.ts'
import { temporaryFolder } from '../runs/testing/temporary-folder.ts'
import { freshState, type TrainerState } from '../runtime/trainer/index.ts'
import { customAlphabet } from '../spelling/alphabet.ts'
import { buildSpeller } from '../spelling/speller.ts'
import { ordinary, special } from '../spelling/testing/vocabulary.ts'
import { distillDistribution } from './distill-distribution.ts'
import { initialTail } from './distill.ts'
import { fillTeacherCache, planTeacherCache, type TeacherCache } from './teacher-cache.ts'
import { defaultDistillSettings } from './train-tail.ts'

const hiddenSize = 8
const vocabulary = [special('<end>'), ...['a', 'b', 'c', 'ab', 'ba', 'bc', 'ca', 'cb', 'ac'].map(ordinary)]
const speller = buildSpeller(vocabulary, customAlphabet('abc', vocabulary), 2)
const shape = tailShape(hiddenSize, [16], speller)
const settings = { ...defaultDistillSettings, batchTokens: 16, epochs: 4, seed: 3 }

const random = seededRandom(2)
const headRows = vocabulary.map(() => Float32Array.from({ length: hiddenSize }, () => random.normal()))
const teacher = {
  architecture: {
    head: { weight: { name: 'head', shape: [vocabulary.length, hiddenSize] }, scale: 1, cap: null },
  },
  rows: {
    read: (tokens: ArrayLike<number>) =>
      Float32Array.from(Array.from(tokens, (token) => [...headRows[token]!]).flat()),
  },
  tokenCounts: vocabulary.map(() => 1),
}

/** A cache of 256 positions with hidden states between 0.5 and 1. */
async function randomCache(): Promise<TeacherCache> {
  const cache = planTeacherCache(await temporaryFolder(), { batch: 2, tokens: 4, hiddenSize }, 64)
  await fillTeacherCache(cache, new Int32Array(256), () =>
    Promise.resolve({
      forward: (tokens: Int32Array) =>
        Promise.resolve({
          hidden: Uint16Array.from(
            { length: tokens.length * hiddenSize },
            () => 0x3800 + random.below(0x400),
          ),
          choices: tokens.map(() => random.below(vocabulary.length)),
          logZ: new Float32Array(tokens.length),
        }),
      release: () => Promise.resolve(),
    }),
  )
  return cache
}

it.each([
  ['all tokens', 4_096],
  ['candidates that are drawn for each step', 6],
])('learns the distribution over %s, and resumes after an interruption as without one', async (_, limit) => {
  const cache = await randomCache()
  const train = async (from: TrainerState, isEnough?: () => boolean) => {
    const losses: number[] = []
    const onStep = ({ loss }: { loss: number }) => Promise.resolve(void losses.push(loss))
    const options = {
      device: 'cpu',
      initial: from,
      limit,
      onStep,
      ...(isEnough ? { isEnough } : {}),
    } as const
    const state = await distillDistribution({ shape, speller }, teacher, cache, settings, options)
    return { losses, state }
  }
  const fresh = () => freshState(initialTail(shape, 1))
  const whole = await train(fresh())
  expect(whole.losses).toHaveLength(64)
  const mean = (losses: readonly number[]) => losses.reduce((sum, loss) => sum + loss, 0) / losses.length
  expect(mean(whole.losses.slice(-8))).toBeLessThan(0.3 * mean(whole.losses.slice(0, 4)))

  let taken = 0
  const early = await train(fresh(), () => taken++ === 21)
  expect(early.state.step).toBe(21)
  const rest = await train(early.state)
  expect([...early.losses, ...rest.losses].map((loss) => loss.toFixed(5))).toEqual(
    whole.losses.map((loss) => loss.toFixed(5)),
  )
})
