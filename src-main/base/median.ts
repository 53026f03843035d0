/** The middle one, or the mean of the two in the middle; 0 of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  return low === undefined || high === undefined ? 0 : (low + high) / 2
}

/** First and third quartile, in proportion between the two neighbouring values (R's type 7). Throws RangeError of none. */
export function quartiles(values: readonly number[]): [low: number, high: number] {
  if (values.length === 0) throw new RangeError('no values')
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => {
    const place = share * (sorted.length - 1)
    const low = sorted[Math.floor(place)]!
    return low + (place % 1) * (sorted[Math.ceil(place)]! - low)
  }
  return [at(0.25), at(0.75)]
}

/**
 * How far a median may be off by chance: its standard error if the values were normally distributed, from their quartiles
 * (1.253 σ / √n, σ = the quartiles' distance / 1.349).
 */
export function medianError(values: readonly number[]): number {
  const [low, high] = quartiles(values)
  return (1.253 * (high - low)) / 1.349 / Math.sqrt(values.length)
}
