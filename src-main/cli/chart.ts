import { plot } from 'simple-ascii-chart'

const width = 72
const height = 12

/** A curve in the terminal: averages over as many stretches as there are columns. */
export function chart(values: readonly number[], title: string): string {
  const columns = Math.min(width, values.length)
  const points = Array.from({ length: columns }, (_, column): [number, number] => {
    const from = Math.floor((column * values.length) / columns)
    const to = Math.floor(((column + 1) * values.length) / columns)
    const part = values.slice(from, to)
    return [to, part.reduce((a, b) => a + b, 0) / part.length]
  })
  return plot(points, {
    title,
    width,
    height,
    hideXAxisTicks: true,
    formatter: (value) => value.toFixed(2),
  })
}
