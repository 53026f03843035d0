import { clusteredMean, type Interval } from './clustered-share.ts'

/** How well a model predicts a text. */
export interface Perplexity {
  /** e to the mean negative log-probability of a token. */
  readonly perplexity: Interval
  /** Tokens that were predicted: all but the first of each window. */
  readonly tokens: number
}

/** Collects log-probabilities, then tells the perplexity; its interval counts windows (see `clusteredMean`). */
export function createPerplexityMeter() {
  const windows = new Map<number, { sum: number; count: number }>()
  return {
    /** @param logProbability natural logarithm, not −∞ */
    add: (window: number, logProbability: number) => {
      let cluster = windows.get(window)
      if (!cluster) windows.set(window, (cluster = { sum: 0, count: 0 }))
      cluster.sum -= logProbability
      cluster.count++
    },
    result: (): Perplexity => {
      const { value, low, high } = clusteredMean(windows.values())
      return {
        perplexity: { value: Math.exp(value), low: Math.exp(low), high: Math.exp(high) },
        tokens: [...windows.values()].reduce((sum, { count }) => sum + count, 0),
      }
    },
  }
}
