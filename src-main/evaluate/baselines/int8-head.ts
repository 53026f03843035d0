import { setImmediate } from 'node:timers/promises'
import { createExactInt8Head } from '../../decode/exact-int8-head.ts'
import { int8Columns } from '../../decode/int8-rows.ts'
import { CancelledError } from '../../base/errors.ts'
import type { BaselineHead, BaselinePositions, Screened } from './baseline.ts'

const statesAtOnce = 16
/** Positions that are looked at, spread over all: what it chooses is the same everywhere. */
const lookedAt = 1_024
/** Of a row's scale. */
const scaleBytes = 4

/**
 * The exact int8 head (decode/exact-int8-head.ts) at some of the positions: upper bounds of all logits from a quarter of a float
 * head's bytes, and the rows that can be the best.
 *
 * @returns null where the head has no float rows, and the positions that were looked at
 * @throws CancelledError when the signal fires
 */
export async function int8Head(
  { base, tokens, rowBytes }: Pick<BaselineHead, 'base' | 'tokens' | 'rowBytes'>,
  { count, hidden, choices, isLoop }: BaselinePositions,
  signal?: AbortSignal,
): Promise<{
  readonly screened: Screened
  readonly positions: Pick<BaselinePositions, 'count' | 'isLoop'>
} | null> {
  if (base.weights.isQuantized || !(base.architecture.head.scale > 0)) return null
  const d = base.architecture.hiddenSize
  const every = Math.max(1, Math.floor(count / lookedAt))
  const looked = Array.from({ length: Math.ceil(count / every) }, (_, i) => i * every)
  const isFound = new Uint8Array(looked.length)
  const typical = hidden.slice(0, statesAtOnce * d)
  const head = await createExactInt8Head(base, { validTokens: tokens, ties: 'exact', typical })
  try {
    for (let start = 0; start < looked.length; start += statesAtOnce) {
      if (signal?.aborted) throw new CancelledError()
      const some = looked.slice(start, start + statesAtOnce)
      const states = new Float32Array(some.length * d)
      some.forEach((at, row) => states.set(hidden.subarray(at * d, (at + 1) * d), row * d))
      const chosen = await head.choices(states)
      some.forEach((at, row) => (isFound[start + row] = Number(chosen[row] === choices[at])))
      await setImmediate()
    }
    return {
      screened: {
        isFound,
        bytesShare: (int8Columns(d) + scaleBytes) / rowBytes + head.rowsPerState / tokens,
      },
      positions: { count: looked.length, isLoop: Uint8Array.from(looked, (at) => isLoop[at]!) },
    }
  } finally {
    await head.release()
  }
}
