import { Button, ScrollArea, Stack, Table, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import type { SpellingPreview } from '../../../src-main/contract/index.ts'
import { visibleText } from '../../components/tokens/visible-text.ts'
import { formatCount, formatPercent } from '../../strings/format.ts'
import { strings } from '../../strings/index.ts'
import { beginningOf, endOf } from './excerpt.ts'
import { SpellingStatusLabel } from './spelling-status.tsx'
import { Symbols } from './symbols.tsx'

const words = strings.wizard.spelling
const shownAtFirst = 8

/**
 * The tokens that the chosen spelling can't write in full, those that matter most first.
 *
 * @param isCounted whether they were counted in a text; otherwise each token of the vocabulary counts once
 */
export function ProblemTokens({
  problems,
  isCounted,
}: {
  readonly problems: SpellingPreview['problems']
  readonly isCounted: boolean
}) {
  const [isWhole, { toggle }] = useDisclosure(false)
  if (problems.length === 0)
    return <Text size="sm">{isCounted ? words.noProblems : words.noVocabularyProblems}</Text>
  return (
    <Stack gap="sm" align="start">
      <ScrollArea w="100%" type="auto" offsetScrollbars="x" viewportProps={{ tabIndex: -1 }}>
        <Table verticalSpacing={6} miw={isCounted ? 720 : 400}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.token}</Table.Th>
              <Table.Th miw={190}>{words.spelledAs}</Table.Th>
              <Table.Th>{words.status}</Table.Th>
              {isCounted && (
                <>
                  <Table.Th ta="right">{words.count}</Table.Th>
                  <Table.Th ta="right">{words.share}</Table.Th>
                  <Table.Th>{words.example}</Table.Th>
                </>
              )}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {problems.slice(0, isWhole ? undefined : shownAtFirst).map((problem) => (
              <ProblemRow key={problem.token} problem={problem} isCounted={isCounted} />
            ))}
          </Table.Tbody>
        </Table>
      </ScrollArea>
      {problems.length > shownAtFirst && (
        <Button size="xs" variant="default" onClick={toggle} aria-expanded={isWhole}>
          {isWhole ? words.showFewer : words.showAll(problems.length)}
        </Button>
      )}
    </Stack>
  )
}

function ProblemRow({
  problem: { text, symbols, status, count, share, example },
  isCounted,
}: {
  readonly problem: SpellingPreview['problems'][number]
  readonly isCounted: boolean
}) {
  return (
    <Table.Tr>
      <Table.Td ff="monospace">
        <bdi>{visibleText(text)}</bdi>
      </Table.Td>
      <Table.Td>
        {symbols.length === 0 ? (
          <Text size="sm" c="dimmed">
            {words.notSpelled}
          </Text>
        ) : (
          <Symbols symbols={symbols} />
        )}
      </Table.Td>
      <Table.Td>
        <SpellingStatusLabel status={status} />
      </Table.Td>
      {isCounted && (
        <>
          <Table.Td className="spelling-number">{formatCount(count)}</Table.Td>
          <Table.Td className="spelling-number">{formatPercent(share, 2)}</Table.Td>
          <Table.Td className="spelling-example">
            <bdi>{endOf(example.before)}</bdi>
            <mark>
              <bdi>{visibleText(text)}</bdi>
            </mark>
            <bdi>{beginningOf(example.after)}</bdi>
          </Table.Td>
        </>
      )}
    </Table.Tr>
  )
}
