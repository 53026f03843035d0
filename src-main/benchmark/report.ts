import { describeWeights } from '../models/precision.ts'
import type { Benchmark } from './benchmark.ts'
import { writtenNotes, writtenTable } from './written-report.ts'

/** Results with what they are of. */
export interface TitledBenchmark {
  readonly title: string
  readonly result: Benchmark
}

/** Milliseconds, with more digits where there are few. */
export const formatMilliseconds = (value: number) => value.toFixed(value < 1 ? 3 : 2)
const percent = (share: number) => `${(100 * share).toFixed(1)} %`
const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0)

/** The heading and the rows of a table: one row for each mode at each context. */
export function benchmarkTable({ contexts, text, written, candidates, gateShare }: Benchmark): string[][] {
  const names: Readonly<Record<string, string>> = {
    trie: `trie (${candidates})`,
    gated: `gated (${percent(gateShare)})`,
  }
  if (written) return writtenTable(written, names)
  const none = (count: number) => Array<string>(count).fill('')
  const heading = [
    ...['mode', 'context', 'ms a token', 'trunk', 'head', 'tail', 'search'],
    ...['saved', 'of the limit', 'MB read', 'of the bandwidth'],
  ]
  const rows = contexts.flatMap(({ context, modes, peer }) => [
    ...modes.map((cost) => [
      names[cost.mode] ?? cost.mode,
      String(context),
      ...[cost.milliseconds, cost.trunk, cost.head, cost.tail, cost.search].map(formatMilliseconds),
      ...(cost.mode === 'base'
        ? none(2)
        : [cost.reduction, cost.shareOfLimit].map((share) => (share === null ? '' : percent(share)))),
      megabytes(cost.bytes),
      percent(cost.bandwidthShare),
    ]),
    ...(peer ? [[peer.name, String(context), formatMilliseconds(peer.milliseconds), ...none(8)]] : []),
  ])
  const ofText = text
    ? [
        ['base', 'text', formatMilliseconds(text.base), ...none(8)],
        [
          'lossless',
          'text',
          formatMilliseconds(text.lossless),
          ...none(4),
          percent(text.reduction),
          ...none(3),
        ],
      ]
    : []
  return [heading, ...rows, ...ofText]
}

/** What holds for all rows, in sentences. */
export function benchmarkNotes(result: Benchmark): string[] {
  const {
    precision,
    source,
    isTrained,
    threads,
    bandwidth,
    weightBytes,
    peakMemoryBytes,
    contexts,
    text,
    written,
  } = result
  const limits = contexts.map(({ context, limit }) => `${percent(limit)} at ${context}`).join(', ')
  const setting = `Weights: ${describeWeights(precision, source)}; threads: ${threads ?? 'one for each core'}`
  return [
    ...(written
      ? [`${setting}.`, ...writtenNotes(written)]
      : [`${setting}; milliseconds are medians.`, `Upper limit of the saving: ${limits} tokens of context.`]),
    `Weights in MB: trunk ${megabytes(weightBytes.trunk)}, LM head ${megabytes(weightBytes.head)}, tail ${megabytes(weightBytes.tail)}. Peak memory: ${megabytes(peakMemoryBytes)} MB.`,
    `This machine reads ${(bandwidth / 1e9).toFixed(1)} GB/s from memory.`,
    ...(text
      ? [`Lossless wrote ${text.tokensPerHeadPass.toFixed(1)} tokens per pass over the LM head.`]
      : []),
    ...(isTrained ? [] : ['Not converted yet: timed with an untrained tail, which costs the same.']),
  ]
}

/** The results as Markdown. */
export function benchmarkMarkdown(title: string, result: Benchmark): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const [heading, ...rows] = benchmarkTable(result)
  return [
    `## ${title}`,
    '',
    ...benchmarkNotes(result).map((note) => `- ${note}`),
    '',
    line(heading!),
    line(heading!.map(() => '---')),
    ...rows.map(line),
    '',
  ].join('\n')
}
