import { formatCount, formatPercent } from '../../format.ts'

/** A count with its noun. */
export const plural = (count: number, one: string, many: string): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`

/** Rounded down, so that only what is covered whole is 100%. */
export const formatCovered = (covered: number): string => formatPercent(Math.floor(covered * 1e4) / 1e4, 2)
