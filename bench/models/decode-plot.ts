import type { DecodeResult } from '../decode.ts'

const parts = [
  ['trunk', '#868e96'],
  ['tail', '#1971c2'],
  ['search', '#f08c00'],
  ['head', '#c92a2a'],
] as const
const rowHeight = 18
const labelWidth = 250
const barWidth = 520

/** Bars of time per token, base above SpeLLM, each row relative to the base. */
export function decodePlot(results: readonly DecodeResult[]): string {
  const rows = results.flatMap(({ shape, precision, times }) =>
    times.flatMap((t) => {
      const name = `${shape} ${precision}, context ${t.context}`
      return [
        { name, total: t.base, values: { trunk: t.trunk, tail: 0, search: 0, head: t.head }, of: t.base },
        {
          name: 'SpeLLM, trie',
          total: t.trie,
          values: { trunk: t.trunk, tail: t.tail, search: t.trieSearch, head: 0 },
          of: t.base,
        },
      ]
    }),
  )
  const height = (rows.length + 2) * rowHeight
  const bars = rows.map(({ name, total, values, of }, row) => {
    const y = (row + 1.2) * rowHeight + (row % 2 === 0 ? 0 : -3)
    let x = labelWidth
    const rects = parts.map(([part, color]) => {
      const width = (barWidth * values[part]) / of
      const rect = `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="13" fill="${color}"/>`
      x += width
      return rect
    })
    return `<text x="${labelWidth - 8}" y="${y + 11}" text-anchor="end">${name}</text>${rects.join('')}<text x="${(x + 6).toFixed(1)}" y="${y + 11}">${total.toFixed(2)} ms</text>`
  })
  const legend = parts.map(
    ([part, color], i) =>
      `<rect x="${labelWidth + i * 90}" y="3" width="12" height="12" fill="${color}"/><text x="${labelWidth + i * 90 + 17}" y="13">${part}</text>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${labelWidth + barWidth + 90}" height="${height}" font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="white"/>${legend.join('')}${bars.join('')}</svg>\n`
}
