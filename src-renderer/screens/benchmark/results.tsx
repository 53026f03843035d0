import { Button, Group, Stack, Text, Title } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import type { Benchmark } from '../../../src-main/contract/index.ts'
import { CopyTextButton } from '../../components/copy-text-button.tsx'
import { downloadText } from '../../components/download.ts'
import { FactList, type Fact } from '../../components/facts.tsx'
import { Panel } from '../../components/panel.tsx'
import { strings } from '../../strings/index.ts'
import type { BenchmarkResult } from './benchmark-store.ts'
import { CostBars } from './cost-bars.tsx'
import { ModeTable } from './mode-table.tsx'
import { TimeByContext } from './time-by-context.tsx'
import { WrittenTables } from './written-tables.tsx'

const text = strings.benchmark

/** What a benchmark found: facts, bars and a table for each context, and ways to keep it. */
export function Results({ name, result, markdown }: BenchmarkResult) {
  const { precision, source, isTrained, contexts, written } = result
  return (
    <Panel
      title={text.results}
      explanation={text.resultsExplanation(name, text.precisions[precision], source)}
      actions={<KeepButtons markdown={markdown} result={result} />}
    >
      {!isTrained && <Text size="sm">{text.untrained}</Text>}
      <FactList facts={factsOf(result)} />
      {contexts.map((costs) => (
        <Stack key={costs.context} gap="sm" component="section">
          <Title order={3} size="h6">
            {text.atContext(costs.context)}
          </Title>
          <Text size="sm" c="dimmed">
            {text.limit(costs.limit)}
          </Text>
          <CostBars costs={costs.modes} />
          <CostTable costs={costs} />
        </Stack>
      ))}
      {written && <WrittenTables {...written} />}
      {contexts.length > 1 && <TimeByContext contexts={contexts} />}
    </Panel>
  )
}

function factsOf({ bandwidth, weightBytes, peakMemoryBytes, text: onText }: Benchmark): Fact[] {
  const { trunk, head, tail } = weightBytes
  return [
    { name: text.weights, value: text.weightsValue(trunk, head, tail), isWide: true },
    ...(onText
      ? [
          {
            name: text.lossless,
            value: text.losslessValue(onText.lossless, onText.base, onText.tokensPerHeadPass),
            isWide: true,
          },
        ]
      : []),
    { name: text.bandwidth, value: text.bandwidthValue(bandwidth) },
    { name: text.memory, value: text.memoryValue(peakMemoryBytes) },
  ]
}

const times = ['milliseconds', 'trunk', 'head', 'tail', 'search'] as const
const savings = ['reduction', 'shareOfLimit'] as const

function CostTable({ costs: { context, modes } }: { readonly costs: Benchmark['contexts'][number] }) {
  const columns = [...times, ...savings, 'bytes', 'bandwidthShare'] as const
  const rows = modes.map((cost) => ({
    mode: cost.mode,
    cells: [
      ...times.map((column) => (cost[column] === 0 ? text.none : text.time(cost[column]))),
      ...savings.map((column) => {
        const share = cost.mode === 'base' ? null : cost[column]
        return share === null ? text.none : text.share(share)
      }),
      text.bytes(cost.bytes),
      text.share(cost.bandwidthShare),
    ],
  }))
  const headings = columns.map((column) => text.columns[column])
  return <ModeTable context={context} minWidth={900} columns={headings} rows={rows} />
}

function KeepButtons({ markdown, result }: Pick<BenchmarkResult, 'markdown' | 'result'>) {
  const download = <IconDownload size={16} aria-hidden />
  return (
    <Group gap="xs" justify="flex-end">
      <CopyTextButton value={markdown} label={text.copyMarkdown} copiedLabel={text.copied} />
      <Button
        size="xs"
        variant="default"
        leftSection={download}
        onClick={() => downloadText(`${text.fileName}.md`, 'text/markdown', markdown)}
      >
        {text.saveMarkdown}
      </Button>
      <Button
        size="xs"
        variant="default"
        leftSection={download}
        onClick={() =>
          downloadText(`${text.fileName}.json`, 'application/json', JSON.stringify(result, null, 2))
        }
      >
        {text.saveJson}
      </Button>
    </Group>
  )
}
