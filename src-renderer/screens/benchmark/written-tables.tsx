import { Stack, Table, Text, Title } from '@mantine/core'
import type { Benchmark, WrittenContext } from '../../../src-main/contract/index.ts'
import { strings } from '../../strings/index.ts'

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
  return (
    <Table.ScrollContainer minWidth={720} type="native" pos="relative">
      <Table aria-label={`${text.table}, ${text.atContext(context)}`} style={{ whiteSpace: 'nowrap' }}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{text.columns.mode}</Table.Th>
            {columns.map((column) => (
              <Table.Th key={column} scope="col" ta="right">
                {words.columns[column]}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {modes.map((own) => (
            <Table.Tr key={own.mode}>
              <Table.Th scope="row">{strings.console.modes[own.mode]}</Table.Th>
              <Table.Td ta="right">{words.withError(own.msPerToken, own.msPerTokenError)}</Table.Td>
              <Table.Td ta="right">
                {own.mode === 'base' ? text.none : words.withError(own.speedup, own.speedupError)}
              </Table.Td>
              <Table.Td ta="right">
                {own.mode === 'base' ? text.none : words.ofTexts(own.identicalTexts, own.texts)}
              </Table.Td>
              <Table.Td ta="right">{words.passes(own.trunkPasses)}</Table.Td>
              <Table.Td ta="right">{words.passes(own.headPasses)}</Table.Td>
              <Table.Td ta="right">{own.rows === 0 ? text.none : words.rows(own.rows)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}
