import { Stack, Text, Title } from '@mantine/core'
import type { Benchmark, WrittenContext } from '../../../src-main/contract/index.ts'
import { strings } from '../../strings/index.ts'
import { ModeTable } from './mode-table.tsx'

const text = strings.benchmark
const words = text.written

/** What a SpeLLM with token symbols and its base model wrote in turns: a table for each context, and how lossless mode was set. */
export function WrittenTables({ prompts, contexts }: NonNullable<Benchmark['written']>) {
  return (
    <>
      <Text size="sm">{words.explanation(prompts)}</Text>
      {contexts.map((written) => (
        <Stack key={written.context} gap="sm" component="section">
          <Title order={3} size="h6">
            {text.atContext(written.context)}
          </Title>
          <WrittenTable {...written} />
          <PlanLine {...written} />
        </Stack>
      ))}
    </>
  )
}

function PlanLine({ plan, modes }: WrittenContext) {
  const alone = modes.find(({ mode }) => mode === 'lossless')
  return (
    <Text size="sm" c="dimmed">
      {plan && words.plan(plan.lossless, plan.steps)} {plan?.int8Alone && words.int8Alone(plan.int8Alone)}{' '}
      {alone && alone.baseAlone > 0 && words.baseAlone(alone.baseAlone, alone.texts)}
    </Text>
  )
}

const columns = ['msPerToken', 'speedup', 'identicalTexts', 'trunkPasses', 'headPasses', 'rows'] as const

function WrittenTable({ context, modes }: WrittenContext) {
  const rows = modes.map((own) => ({
    mode: own.mode,
    cells: [
      words.withError(own.msPerToken, own.msPerTokenError),
      own.mode === 'base' ? text.none : words.withError(own.speedup, own.speedupError),
      own.mode === 'base' ? text.none : words.ofTexts(own.identicalTexts, own.texts),
      words.passes(own.trunkPasses),
      words.passes(own.headPasses),
      own.rows === 0 ? text.none : words.rows(own.rows),
    ],
  }))
  const headings = columns.map((column) => words.columns[column])
  return <ModeTable context={context} minWidth={720} columns={headings} rows={rows} />
}
