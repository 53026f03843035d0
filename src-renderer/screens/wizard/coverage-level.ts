/**
 * Where the shades of the heatmap begin, as covered shares. They are closer together towards 1, because that is where
 * choices differ.
 */
export const levelStarts = [0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999] as const

/** The shade of a covered share: an index of `levelStarts`. */
export function coverageLevel(covered: number): number {
  return levelStarts.findLastIndex((start) => covered >= start)
}

/**
 * A covered share for a small cell, in percent without the sign: '87', from 99 on '99.4'. Rounded down, so that
 * only what is covered whole shows as '100'.
 */
export function shortCoverage(covered: number): string {
  if (covered >= 1) return '100'
  // The tiny addition keeps a share such as 0.57, which is a little less in binary, from losing a percent.
  const percent = covered * 100 + 1e-9
  return percent < 99 ? String(Math.floor(percent)) : Math.min(99.9, Math.floor(percent * 10) / 10).toFixed(1)
}
