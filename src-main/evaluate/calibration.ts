/** How sure a model was of its picks, and how often rightly. */
interface CalibrationBin {
  /** Probabilities from `from` to below `to` are in this bin; 1 is in the last. */
  readonly from: number
  readonly to: number
  readonly positions: number
  /** The mean probability that the pick had; null in an empty bin. */
  readonly confidence: number | null
  /** The share of these picks that were right; null in an empty bin. */
  readonly agreement: number | null
}

/** How well the probabilities of a model's picks say how often they are right. */
export interface Calibration {
  /** Σ over bins: share of positions · |agreement − confidence| (Guo et al. 2017, equation 5), 0 to 1. */
  readonly expectedError: number
  readonly bins: readonly CalibrationBin[]
}

const binCount = 15

/** Collects positions, then tells the expected calibration error over 15 bins of equal width. */
export function createCalibrationMeter() {
  const positions = new Float64Array(binCount)
  const confidence = new Float64Array(binCount)
  const agreeing = new Float64Array(binCount)
  return {
    /** @param probability of the pick, 0 to 1 */
    add: (probability: number, agrees: boolean) => {
      const bin = Math.min(binCount - 1, Math.floor(probability * binCount))
      positions[bin]!++
      confidence[bin]! += probability
      if (agrees) agreeing[bin]!++
    },
    result: (): Calibration => {
      const total = positions.reduce((a, b) => a + b, 0)
      const gaps = positions.map((_, bin) => Math.abs(agreeing[bin]! - confidence[bin]!))
      return {
        expectedError: gaps.reduce((a, b) => a + b, 0) / total,
        bins: Array.from(positions, (count, bin) => ({
          from: bin / binCount,
          to: (bin + 1) / binCount,
          positions: count,
          confidence: count === 0 ? null : confidence[bin]! / count,
          agreement: count === 0 ? null : agreeing[bin]! / count,
        })),
      }
    },
  }
}
