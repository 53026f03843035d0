/** The language of the numbers: that of the strings around them. */
const locale = 'en'

const decimal = new Intl.NumberFormat(locale)
const compactDecimal = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 })
const percentages = [0, 1, 2].map(
  (digits) =>
    new Intl.NumberFormat(locale, {
      style: 'percent',
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    }),
)
const shortPercentages = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 2 })
const significants = [1, 2, 3, 4, 5, 6].map(
  (digits) => new Intl.NumberFormat(locale, { maximumSignificantDigits: digits }),
)
const dateAndTime = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' })
const timeOfDay = new Intl.DateTimeFormat(locale, { timeStyle: 'medium', hourCycle: 'h23' })
const list = new Intl.ListFormat(locale, { type: 'conjunction' })

/** 12345 → '12,345'. */
export const formatCount = (value: number): string => decimal.format(Math.round(value))

/** A count with its noun: 1 → '1 token', 12345 → '12,345 tokens'. */
export const plural = (count: number, one: string, many: string): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`

/** 12345 → '12.3K'. */
export const formatCompact = (value: number): string => compactDecimal.format(value)

/** 0.9731 → '97.3%'. */
export const formatPercent = (share: number, digits: 0 | 1 | 2 = 1): string =>
  percentages[digits]!.format(share)

/** With as many digits as it takes, two at most: 0.9 → '90%', 0.9731 → '97.31%'. */
export const formatShortPercent = (share: number): string => shortPercentages.format(share)

/** Rounded to significant digits; very small and very large values with an exponent: 0.00012 → '1.2e-4'. */
export function formatSignificant(value: number, digits: 1 | 2 | 3 | 4 | 5 | 6 = 4): string {
  const magnitude = Math.abs(value)
  if (magnitude !== 0 && (magnitude < 1e-3 || magnitude >= 1e7))
    return value.toExponential(digits - 1).replace(/\.?0+e/, 'e')
  return significants[digits - 1]!.format(value)
}

const unitFormat = (unit: string) =>
  new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'narrow', maximumFractionDigits: 0 })
const days = unitFormat('day')
const hours = unitFormat('hour')
const minutes = unitFormat('minute')
const seconds = unitFormat('second')

const byteUnits = (['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const).map(
  (unit) =>
    new Intl.NumberFormat(locale, {
      style: 'unit',
      unit,
      unitDisplay: unit === 'byte' ? 'long' : 'short',
      maximumSignificantDigits: 3,
    }),
)

/** In decimal units: 12345678 → '12.3 MB'. */
export function formatBytes(bytes: number): string {
  let amount = bytes
  let unit = 0
  // From 999.5 on, three digits would show a thousand.
  while (amount >= 999.5 && unit < byteUnits.length - 1) {
    amount /= 1000
    unit++
  }
  return byteUnits[unit]!.format(amount)
}

/** The two largest units: 3725 → '1h 2m'; under a minute only seconds. */
export function formatDuration(totalSeconds: number): string {
  const whole = Math.max(0, Math.round(totalSeconds))
  if (whole < 60) return seconds.format(whole)
  if (whole < 3600) return `${minutes.format(Math.floor(whole / 60))} ${seconds.format(whole % 60)}`
  const wholeMinutes = Math.round(whole / 60)
  const wholeHours = Math.floor(wholeMinutes / 60)
  if (wholeHours < 24) return `${hours.format(wholeHours)} ${minutes.format(wholeMinutes % 60)}`
  return `${days.format(Math.floor(wholeHours / 24))} ${hours.format(wholeHours % 24)}`
}

/** A duration that is only guessed at, in its largest unit or two: 22 → '20s', 1234 → '21m'. */
export function formatRoughDuration(totalSeconds: number): string {
  if (totalSeconds < 55) return seconds.format(Math.max(5, 5 * Math.round(totalSeconds / 5)))
  const wholeMinutes = Math.round(totalSeconds / 60)
  return wholeMinutes < 60 ? minutes.format(wholeMinutes) : formatDuration(60 * wholeMinutes)
}

/** With a fixed number of digits after the point: (1, 2) → '1.00'. */
export const formatFixed = (value: number, digits: number): string =>
  value.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits })

/** A value with what it may be off by, to the place of that one's first digit, at most two after the point: '1.05 ± 0.02'. */
export function formatWithError(value: number | null, error: number | null): string {
  if (value === null || error === null) return '–'
  const place = Math.floor(Math.log10(Math.max(0.01, error)))
  const step = 10 ** place
  const rounded = (number: number) => formatFixed(Math.round(number / step) * step, Math.max(0, -place))
  return `${rounded(value)} ± ${rounded(Math.max(step, error))}`
}

/** 12.345 → '12.3 ms'. */
export const formatMilliseconds = (value: number): string => `${formatSignificant(value, 3)} ms`

/** An ISO 8601 moment as date and time of this machine; '' where there is none. */
export const formatMoment = (iso: string): string => (iso === '' ? '' : dateAndTime.format(new Date(iso)))

/** An ISO 8601 moment as the time of day on this machine. */
export const formatTime = (iso: string): string => timeOfDay.format(new Date(iso))

/** ['a', 'b', 'c'] → 'a, b, and c'. */
export const formatList = (items: readonly string[]): string => list.format(items)

/** 'llama' → 'Llama'. */
export const capitalised = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1)
