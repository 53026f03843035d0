import { html } from '../page/html.ts'
import type { TitledBenchmark } from './write-report.ts'
import { formatMilliseconds } from './report.ts'

const parts = [
  ['trunk', '#868e96'],
  ['tail', '#1971c2'],
  ['search', '#f08c00'],
  ['head', '#c92a2a'],
] as const
const rowHeight = 18
const labelWidth = 320
const barWidth = 520

/** An SVG of the time that a token takes: a bar for each mode, as long as it is beside the base model's. */
export function benchmarkPlot(results: readonly TitledBenchmark[]): string {
  const rows = results.flatMap(({ title, result }) =>
    result.contexts.flatMap(({ context, modes }) =>
      modes.map((cost) => ({
        name: `${title}, context ${context}, ${cost.mode}`,
        cost,
        base: modes[0]!.milliseconds,
      })),
    ),
  )
  const bars = rows.map(({ name, cost, base }, row) => {
    const y = Math.round((row + 1.2) * rowHeight)
    let x = labelWidth
    const rects = parts.map(([part, color]) => {
      // A difference of two times can be below 0.
      const width = (barWidth * Math.max(0, cost[part])) / base
      const rect = html`<rect
        x="${x.toFixed(1)}"
        y="${y}"
        width="${width.toFixed(1)}"
        height="13"
        fill="${color}"
      />`
      x += width
      return rect
    })
    return html`<text x="${labelWidth - 8}" y="${y + 11}" text-anchor="end">${name}</text>${rects}<text
        x="${(x + 6).toFixed(1)}"
        y="${y + 11}"
        >${formatMilliseconds(cost.milliseconds)} ms</text
      >`
  })
  const legend = parts.map(([part, color], i) => {
    const x = labelWidth + i * 90
    return html`<rect x="${x}" y="3" width="12" height="12" fill="${color}" /><text x="${x + 17}" y="13"
        >${part}</text
      >`
  })
  const [width, height] = [labelWidth + barWidth + 90, (rows.length + 2) * rowHeight]
  return `${html`<svg
    xmlns="http://www.w3.org/2000/svg"
    width="${width}"
    height="${height}"
    font-family="sans-serif"
    font-size="11"
  >
    <rect width="100%" height="100%" fill="white" />
    ${legend}${bars}
  </svg>`.source.trim()}\n`
}
