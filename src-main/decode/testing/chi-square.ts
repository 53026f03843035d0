/**
 * How far counts are from what `shares` (which need not add up to 1) lead to expect: Pearson's χ². Infinite if
 * something came up that has no share.
 */
export function chiSquare(counts: readonly number[], shares: readonly number[]): number {
  const draws = counts.reduce((a, b) => a + b, 0)
  const total = shares.reduce((a, b) => a + b, 0)
  return shares.reduce((sum, share, i) => {
    const expected = (draws * share) / total
    const count = counts[i] ?? 0
    if (expected === 0) return count === 0 ? sum : Infinity
    return sum + (count - expected) ** 2 / expected
  }, 0)
}

/** χ² stays below this in 9,999 of 10,000 samples of the right distribution (Wilson & Hilferty 1931). */
export function chiSquareBound(shares: readonly number[]): number {
  const freedom = shares.filter((share) => share > 0).length - 1
  if (freedom === 0) return 1e-9
  const spread = 2 / (9 * freedom)
  return freedom * (1 - spread + 3.72 * Math.sqrt(spread)) ** 3
}
