import { setImmediate } from 'node:timers/promises'
import { CancelledError } from '../errors.ts'
import type { BaseModel } from '../models/base-model.ts'
import { createScoringSession } from '../models/scoring-session.ts'
import type { Device } from '../runtime/devices/device.ts'

/** How well a base model predicts a text. */
export interface Perplexity {
  /** e to the mean negative log-probability of a token. */
  readonly perplexity: number
  /** Tokens that were predicted: all but the first of each window. */
  readonly tokens: number
}

const batch = 4

/**
 * The base model's perplexity on a stream of tokens, read in windows that know nothing of one another; what
 * doesn't fill a window is left out.
 *
 * @throws RangeError if there is no whole window; CancelledError when the signal fires
 */
export async function measurePerplexity(
  model: BaseModel,
  ids: Int32Array,
  {
    windowTokens,
    device = 'cpu',
    onProgress,
    signal,
  }: {
    readonly windowTokens: number
    readonly device?: Device
    readonly onProgress?: (done: number, total: number) => void
    readonly signal?: AbortSignal
  },
): Promise<Perplexity> {
  const windows = Math.floor(ids.length / windowTokens)
  if (windows === 0) throw new RangeError(`${ids.length} tokens don't fill a window of ${windowTokens}`)
  const session = await createScoringSession(model, { batch, tokens: windowTokens, device })
  try {
    let sum = 0
    for (let first = 0; first < windows; first += batch) {
      if (signal?.aborted) throw new CancelledError()
      const count = Math.min(batch, windows - first)
      const tokens = new Int32Array(batch * windowTokens)
      tokens.set(ids.subarray(first * windowTokens, (first + count) * windowTokens))
      const scores = await session.logProbabilities(tokens)
      for (const score of scores.subarray(0, count * windowTokens)) sum += score
      onProgress?.((first + count) * windowTokens, windows * windowTokens)
      await setImmediate()
    }
    const tokens = windows * (windowTokens - 1)
    return { perplexity: Math.exp(-sum / tokens), tokens }
  } finally {
    await session.release()
  }
}
