/** The local time as Python's strftime writes it in English, whatever language this machine speaks. */
export function strftimeNow(format: unknown): string {
  const now = new Date()
  return String(format).replace(/%(.)/g, (directive, letter: string) => {
    const write = directives[letter]
    if (!write) throw new Error(`strftime_now: ${directive} is not supported`)
    return write(now)
  })
}

const padded = (value: number, length = 2) => String(value).padStart(length, '0')
const named = (options: Intl.DateTimeFormatOptions) => (date: Date) =>
  new Intl.DateTimeFormat('en-US', options).format(date)

const directives: Partial<Record<string, (date: Date) => string>> = {
  '%': () => '%',
  Y: (date) => padded(date.getFullYear(), 4),
  y: (date) => padded(date.getFullYear() % 100),
  m: (date) => padded(date.getMonth() + 1),
  d: (date) => padded(date.getDate()),
  H: (date) => padded(date.getHours()),
  I: (date) => padded(date.getHours() % 12 || 12),
  M: (date) => padded(date.getMinutes()),
  S: (date) => padded(date.getSeconds()),
  p: (date) => (date.getHours() < 12 ? 'AM' : 'PM'),
  b: named({ month: 'short' }),
  B: named({ month: 'long' }),
  a: named({ weekday: 'short' }),
  A: named({ weekday: 'long' }),
}
