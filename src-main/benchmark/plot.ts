import { html } from '../base/html.ts'
import { formatMilliseconds, type TitledBenchmark } from './report.ts'

const parts = [
  ['trunk', '#868e96'],
  ['tail', '#1971c2'],
  ['search', '#f08c00'],
  ['head', '#c92a2a'],
  ['whole', '#495057'],
] as const
type Part = (typeof parts)[number][0]
const rowHeight = 18
const labelWidth = 320
const barWidth = 520

/** A bar: milliseconds by part, or as a whole where nobody has taken it apart. */
interface Bar {
  readonly name: string
  readonly costs: Readonly<Partial<Record<Part, number>>>
  readonly milliseconds: number
  /** Milliseconds of the base model. */
  readonly base: number
}

function barsOf({ title, result: { contexts, written } }: TitledBenchmark): Bar[] {
  const name = (context: number, mode: string) => `${title}, context ${context}, ${mode}`
  return [
    ...contexts.flatMap(({ context, modes }) =>
      modes.map((costs) => ({
        name: name(context, costs.mode),
        costs,
        milliseconds: costs.milliseconds,
        base: modes[0]!.milliseconds,
      })),
    ),
    ...(written?.contexts ?? []).flatMap(({ context, modes }) =>
      modes.flatMap(({ mode, msPerToken }) => {
        const base = modes[0]!.msPerToken
        if (msPerToken === null || base === null) return []
        return [{ name: name(context, mode), costs: { whole: msPerToken }, milliseconds: msPerToken, base }]
      }),
    ),
  ]
}

/** An SVG of the time that a token takes: a bar for each mode, as long as it is relative to the base model's. */
export function benchmarkPlot(results: readonly TitledBenchmark[]): string {
  const rows = results.flatMap(barsOf)
  const bars = rows.map(({ name, costs, milliseconds, base }, row) => {
    const y = Math.round((row + 1.2) * rowHeight)
    let x = labelWidth
    const rects = parts.map(([part, color]) => {
      // A difference of two times can be below 0.
      const width = (barWidth * Math.max(0, costs[part] ?? 0)) / base
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
        >${formatMilliseconds(milliseconds)} ms</text
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
