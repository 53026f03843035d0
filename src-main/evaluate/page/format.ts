import type { Interval } from '../clustered-share.ts'

/** 12,345 */
export const count = (value: number) => value.toLocaleString('en')
/** Of 0.123: 12.3 % */
export const percent = (value: number) => `${(100 * value).toFixed(1)} %`
/** A share with its confidence interval. */
export const share = ({ value, low, high }: Interval) =>
  `${percent(value)} (${percent(low)} to ${percent(high)})`
/** A number with its confidence interval. */
export const interval = ({ value, low, high }: Interval) =>
  `${value.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`
