import type { BaseDistribution } from '../models/base-distribution.ts'
import { ownTurn, type Turn } from '../runtime/turns.ts'
import { CancelledError } from '../base/errors.ts'
import { setImmediate } from 'node:timers/promises'
import { readChunk, type TeacherCache } from './teacher-cache.ts'

/** Positions that say well enough which tokens the base model wants. */
const usagePositions = 16_384

/**
 * How often the base model wants each token along a text: the sum of its probabilities over positions that are spread
 * evenly over the cache. This is what token symbols are chosen by.
 *
 * @returns [V]
 * @throws CancelledError when the signal fires
 */
export async function tokenUsage(
  cache: TeacherCache,
  base: BaseDistribution,
  { signal, turn = ownTurn }: { readonly signal?: AbortSignal | undefined; readonly turn?: Turn } = {},
): Promise<Float64Array> {
  const d = cache.shape.hiddenSize
  const perChunk = Math.min(cache.positionsPerChunk, Math.ceil(usagePositions / cache.chunks))
  let usage = new Float64Array(0)
  for (let chunk = 0; chunk < cache.chunks; chunk++) {
    const { hidden } = await readChunk(cache, chunk)
    const every = Math.floor(cache.positionsPerChunk / perChunk)
    for (let start = 0; start < perChunk; start += base.rows) {
      if (signal?.aborted) throw new CancelledError()
      const rows = Math.min(base.rows, perChunk - start)
      const states = new Uint16Array(rows * d)
      for (let row = 0; row < rows; row++) {
        const at = (start + row) * every
        states.set(hidden.subarray(at * d, (at + 1) * d), row * d)
      }
      const { probabilities } = await turn(() => base.read(states))
      const size = probabilities.length / rows
      if (usage.length === 0) usage = new Float64Array(size)
      for (let row = 0; row < rows; row++)
        for (let token = 0; token < size; token++) usage[token]! += probabilities[row * size + token]!
      // onnxruntime runs on this thread: let signals and timers in between.
      await setImmediate()
    }
  }
  return usage
}

/** The `count` tokens that are wanted most, most wanted first, ties by id. */
export function mostWanted(usage: Float64Array, count: number): number[] {
  return Array.from(usage.keys())
    .sort((a, b) => usage[b]! - usage[a]! || a - b)
    .slice(0, count)
}
