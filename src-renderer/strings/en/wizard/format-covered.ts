import { formatPercent } from '../../format.ts'

/** A covered share, rounded down, so that only what is covered whole is 100%. */
export const formatCovered = (covered: number): string => formatPercent(Math.floor(covered * 1e4) / 1e4, 2)
