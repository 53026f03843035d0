import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../base/random.ts'
import { rememberedBeyond } from '../runtime/cache-span.ts'
import type { KeyValueCache } from '../runtime/key-value-cache.ts'
import { createSession, floatData, int64Tensor } from '../runtime/session.ts'
import { openBaseModel } from './base-model.ts'
import { createBatchTrunk } from './batch-trunk.ts'
import { trunk, windowInputs } from './decoder.ts'
import { createTrunkSession } from './trunk-session.ts'

const length = 420

describe.each(['mistral', 'gemma3', 'gemma2'])(
  "'%s', whose layers let go of what is beyond their windows",
  (name) => {
    const opened = openBaseModel(join(import.meta.dirname, 'testing', name))

    /** Random tokens, and the states after each as one pass without any cache computes them. */
    async function expected() {
      const { architecture, weights } = await opened
      const random = seededRandom(11)
      const tokens = Int32Array.from({ length }, () => random.below(architecture.vocabularySize))
      const { hidden } = trunk(architecture, weights, windowInputs(1, length), 'inference')
      const session = await createSession({ hidden }, { weightsFolder: weights.folder })
      const states = floatData((await session.run({ tokens: int64Tensor(tokens, [1, length]) }))['hidden'])
      await session.release()
      const d = architecture.hiddenSize
      return { tokens, state: (position: number) => states.subarray(position * d, (position + 1) * d) }
    }
    const difference = (one: Float32Array, other: Float32Array) =>
      one.reduce((most, value, i) => Math.max(most, Math.abs(value - other[i]!)), 0)

    it('gives the states of one whole pass: by pieces, one by one, and after some were forgotten', async () => {
      const model = await opened
      const { tokens, state } = await expected()
      const session = await createTrunkSession(model)
      const cache = session.createCache()
      const read = async (count: number) => {
        const from = cache.length
        const states = await session.forward(tokens.subarray(from, from + count), cache)
        for (let i = 0; i < count; i++) {
          const own = states.subarray((i * states.length) / count, ((i + 1) * states.length) / count)
          expect(difference(own, state(from + i)), `position ${from + i}`).toBeLessThan(2e-4)
        }
      }
      const readTo = async (end: number) => {
        while (cache.length < end) await read(1)
      }
      await read(70)
      await readTo(215)
      cache.truncate(215 - rememberedBeyond)
      expect(cache.length).toBe(215 - rememberedBeyond)
      await read(9)
      await readTo(230)
      // More than a layer with a window keeps, at once.
      await read(190)
      cache.truncate(length - rememberedBeyond)
      await readTo(length)
      await session.release()
    })

    it('forgets everything where it has let go of what would be needed, and can start again', async () => {
      const model = await opened
      const { tokens, state } = await expected()
      const session = await createTrunkSession(model)
      const cache = session.createCache()
      await session.forward(tokens.subarray(0, length - 1), cache)
      cache.truncate(30)
      expect(cache.length).toBe(0)
      const states = await session.forward(tokens.subarray(0, 50), cache)
      expect(difference(states.slice(-model.architecture.hiddenSize), state(49))).toBeLessThan(2e-4)
      await session.release()
    })

    it('keeps sequences apart that stand at different places', async () => {
      const model = await opened
      const { tokens, state } = await expected()
      const batch = await createBatchTrunk(model, 2)
      const caches = batch.createCaches()
      const d = model.architecture.hiddenSize
      const plan: readonly (readonly [number, number])[] = [
        [200, 5],
        [1, 1],
        [3, 150],
        [100, 0],
        [1, 60],
        [0, 1],
        [20, 1],
      ]
      for (const counts of plan) {
        const pieces = counts.map((count, i) => tokens.subarray(caches[i]!.length, caches[i]!.length + count))
        const ends = caches.map((cache: KeyValueCache, i) => cache.length + counts[i]! - 1)
        const states = await batch.forward(pieces, caches)
        for (const [i, own] of states.entries())
          if (counts[i]! > 0) expect(difference(own.slice(-d), state(ends[i]!))).toBeLessThan(2e-4)
      }
      await batch.release()
    })
  },
)
