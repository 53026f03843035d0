import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { KeyValueCache } from '../runtime/key-value-cache.ts'
import { createSession, floatData, floatTensor, halfTensor } from '../runtime/session.ts'
import { openBaseModel } from './base-model.ts'
import { cachedTrunk } from './cached-trunk.ts'
import { withHalfProducts } from './precision.ts'
import { createTrunkSession } from './trunk-session.ts'

it.each([
  ['gqa-tied', 'float32'],
  ['gemma2', 'float32'],
  ['gemma3', 'float32'],
  ['gemma3', 'float16'],
] as const)(
  "the graph of '%s' for a device gives the same states, computed by the CPU in %s",
  async (name, type) => {
    const stored = await openBaseModel(join(import.meta.dirname, 'testing', name))
    const model = type === 'float16' ? withHalfProducts(stored) : stored
    const cached = cachedTrunk(model, 1, 'webgpu')
    const session = await createSession(
      { hidden: cached.hidden, ...cached.present },
      { weightsFolder: model.weights.folder },
    )
    const cache = cacheInMemory(model.architecture, type)
    const trunk = await createTrunkSession(model)
    const expected = trunk.createCache()
    const pieces = [[1, 17, 42, 5, 63, 8, 9, 30, 31, 2, 50], [7], [12, 12, 3], [6], [6, 2]]
    for (const tokens of pieces) {
      // What was drafted is forgotten.
      for (const own of [cache, expected]) if (own.length === 15) own.truncate(12)
      const ids = Int32Array.from(tokens)
      const results = await cached.read(session, [ids], [cache], ['hidden'])
      const [states, others] = [floatData(results['hidden']), await trunk.forward(ids, expected)]
      others.forEach((state, i) => expect(states[i]).toBeCloseTo(state, type === 'float16' ? 2 : 4))
    }
    await session.release()
    await trunk.release()
  },
)

/** A cache as a device has it, in memory that onnxruntime writes in place. */
function cacheInMemory(
  {
    layers,
    attention: { keyValueHeads, headSize },
  }: {
    readonly layers: readonly unknown[]
    readonly attention: { readonly keyValueHeads: number; readonly headSize: number }
  },
  type: 'float32' | 'float16',
): KeyValueCache {
  const capacity = 20
  const size = keyValueHeads * capacity * headSize
  const tensor = (shape: readonly number[]) =>
    type === 'float16' ? halfTensor(new Uint16Array(size), shape) : floatTensor(new Float32Array(size), shape)
  const tensors = Object.fromEntries(
    layers.flatMap((_, i) => [
      [`past.${i}.key`, tensor([keyValueHeads, 1, headSize, capacity])],
      [`past.${i}.value`, tensor([keyValueHeads, 1, capacity, headSize])],
    ]),
  )
  let length = 0
  return {
    get length() {
      return length
    },
    makeRoom: () => Promise.resolve(),
    feeds: () => tensors,
    append: (_rows, tokens) => {
      length += tokens
    },
    truncate: (shorter) => {
      length = shorter
    },
    shrink: () => undefined,
    release: () => undefined,
  }
}
