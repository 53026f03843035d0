import type { DecodeResult } from '../decode.ts'

const ms = (value: number) => value.toFixed(value < 1 ? 3 : 2)
const percent = (value: number) => `${(100 * value).toFixed(1)} %`

/** The results as Markdown. */
export function resultsTable(results: readonly DecodeResult[]): string {
  const head = [
    'shape',
    'precision',
    'context',
    'trunk',
    'head',
    'tail',
    'search',
    'base',
    'trie',
    'free',
    'reduction',
    'limit',
    'share of limit: trie',
    'free',
    'peak MB',
  ]
  const rows = results.flatMap(({ shape, precision, peakMemoryMB, times }) =>
    times.map((t) => [
      shape,
      precision,
      String(t.context),
      ...[t.trunk, t.head, t.tail, t.trieSearch, t.base, t.trie, t.free].map(ms),
      ...[t.reduction, t.limit, t.shareOfLimit.trie, t.shareOfLimit.free].map(percent),
      String(peakMemoryMB),
    ]),
  )
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    'Milliseconds a token, medians. Limit: what a model without any head would save.',
    '',
    line(head),
    line(head.map(() => '---')),
    ...rows.map(line),
    '',
  ].join('\n')
}
