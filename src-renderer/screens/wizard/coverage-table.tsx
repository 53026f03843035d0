import { Table, Text, VisuallyHidden } from '@mantine/core'
import type { Coverage, SpellingPreview, SpellingStatus } from '../../../src-main/contract/index.ts'
import { formatPercent } from '../../strings/format.ts'
import { strings } from '../../strings/index.ts'
import { SpellingStatusLabel } from './spelling-status.tsx'

const words = strings.wizard.spelling
const spelledStatuses: readonly SpellingStatus[] = ['covered', 'truncated', 'shadowed', 'uncovered']
const symbolStatuses: readonly SpellingStatus[] = ['symbol', ...spelledStatuses]
/** A token without bytes is in a group as well. */
const groupedStatuses: readonly SpellingStatus[] = ['symbol', 'covered']

/** The shares of the text and of the vocabulary by status, with what each status means. */
export function CoverageTable({
  preview: { corpus, vocabulary, countedTokens, groups, tokenSymbols },
}: {
  readonly preview: SpellingPreview
}) {
  const isCounted = countedTokens > 0
  const statuses = groups > 0 ? groupedStatuses : tokenSymbols > 0 ? symbolStatuses : spelledStatuses
  const descriptions =
    groups > 0 ? { ...words.statusDescriptions, ...words.groupedDescriptions } : words.statusDescriptions
  return (
    <Table verticalSpacing={6} horizontalSpacing="xs">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>
            <VisuallyHidden>{words.status}</VisuallyHidden>
          </Table.Th>
          {isCounted && <Table.Th ta="right">{words.textShare}</Table.Th>}
          <Table.Th ta="right">{words.vocabularyShare}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {statuses.map((status) => (
          <Table.Tr key={status}>
            <Table.Th scope="row" fw={400}>
              <SpellingStatusLabel status={status} isGrouped={groups > 0} />
              <Text size="xs" c="dimmed">
                {descriptions[status]}
              </Text>
            </Table.Th>
            {isCounted && <ShareCell status={status} coverage={corpus} />}
            <ShareCell status={status} coverage={vocabulary} />
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}

function ShareCell({ status, coverage }: { readonly status: SpellingStatus; readonly coverage: Coverage }) {
  const isMain = status === 'covered' || status === 'symbol'
  return (
    <Table.Td
      ta="right"
      fw={isMain ? 700 : 400}
      style={{ fontVariantNumeric: 'tabular-nums', verticalAlign: 'top' }}
    >
      {isMain ? words.covered(coverage[status]) : formatPercent(coverage[status], 2)}
    </Table.Td>
  )
}
