import { Group, Paper, Skeleton, Stack, Table, Text, Title } from '@mantine/core'
import { IconChevronLeft, IconChevronRight, IconX } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, type ReactNode } from 'react'
import type { Candidate, ConsoleSource, TokenDetail } from '../../../src-main/contract/index.ts'
import { ErrorNotice } from '../../components/error-notice.tsx'
import { ToolButton } from '../../components/tool-button.tsx'
import { visibleText } from '../../components/tokens/visible-text.ts'
import { queries } from '../../connection/engine.ts'
import { strings } from '../../strings/index.ts'
import { selectToken, type TokenPlace } from './console-store.ts'
import { contextOf, type GenerationOutput } from './generation-output.ts'
import { outputName } from './output-name.ts'
import { tokenElementId } from './token-text.tsx'

const text = strings.console
/** More don't fit next to each other, and hardly any head hesitates among that many. */
const symbolsShown = 4

/** How one token came about: the heads, what each way of decoding makes of them, and the base's own view. */
export function TokenDetailPanel({
  source,
  place,
  output,
  onClose,
}: {
  readonly source: ConsoleSource
  readonly place: TokenPlace
  readonly output: GenerationOutput
  readonly onClose: () => void
}) {
  const { side, index } = place
  const token = output.tokens[index]!
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  const detail = useQuery(
    queries.console.inspectToken.queryOptions({
      input: { source, context: contextOf(output, index) },
      staleTime: Infinity,
      placeholderData: (former: TokenDetail | undefined) => former,
    }),
  )
  const close = () => {
    onClose()
    document.getElementById(tokenElementId(side, index))?.focus()
  }
  const canMove = (by: number) => index + by >= 0 && index + by < output.tokens.length
  return (
    <Paper
      withBorder
      p="md"
      component="aside"
      className="console-detail"
      aria-labelledby="token-detail"
      onKeyDown={({ key }) => key === 'Escape' && close()}
    >
      <Stack gap="md">
        <Group justify="space-between" wrap="nowrap" align="start">
          <div>
            <Title
              order={2}
              size="h5"
              id="token-detail"
              ref={heading}
              tabIndex={-1}
              style={{ outline: 'none' }}
            >
              {text.detailTitle(index + 1, outputName(output.mode))}
            </Title>
            <Text ff="monospace" size="sm">
              {text.tokenName(quoted(token.text), token.id)}
            </Text>
          </div>
          <Group gap={2} wrap="nowrap">
            {([-1, 1] as const).map((by) => (
              <ToolButton
                key={by}
                label={by < 0 ? text.previousToken : text.nextToken}
                icon={by < 0 ? IconChevronLeft : IconChevronRight}
                isDisabled={!canMove(by)}
                onClick={() => selectToken({ side, index: index + by })}
              />
            ))}
            <ToolButton label={text.close} icon={IconX} onClick={close} />
          </Group>
        </Group>
        {detail.data ? (
          <Detail detail={detail.data} chosen={token.id} isOutdated={detail.isPlaceholderData} />
        ) : detail.error ? (
          <ErrorNotice error={detail.error} onRetry={() => void detail.refetch()} />
        ) : (
          <Stack gap="xs" role="status" aria-busy aria-label={strings.app.loading}>
            <Skeleton height={120} />
            <Skeleton height={120} />
          </Stack>
        )}
      </Stack>
    </Paper>
  )
}

function Detail({
  detail: { heads, free, trie, base },
  chosen,
  isOutdated,
}: {
  readonly detail: TokenDetail
  readonly chosen: number
  readonly isOutdated: boolean
}) {
  return (
    <Stack gap="lg" aria-busy={isOutdated} style={{ opacity: isOutdated ? 0.5 : 1 }}>
      {heads && (
        <Section title={text.heads} explanation={text.headsExplanation}>
          <Heads heads={heads} />
          {free && <Text size="xs">{text.free(quoted(free.spelled), quoted(free.text))}</Text>}
        </Section>
      )}
      {trie && (
        <Section title={text.trieTitle} explanation={text.trieExplanation}>
          <Candidates label={text.trieTitle} candidates={trie} chosen={chosen} />
        </Section>
      )}
      <Section title={text.baseTitle} explanation={text.baseExplanation}>
        <Candidates label={text.baseTitle} candidates={base} chosen={chosen} />
      </Section>
    </Stack>
  )
}

function Section({
  title,
  explanation,
  children,
}: {
  readonly title: string
  readonly explanation: string
  readonly children: ReactNode
}) {
  return (
    <Stack gap={6}>
      <div>
        <Title order={3} size="h6">
          {title}
        </Title>
        <Text size="xs" c="dimmed">
          {explanation}
        </Text>
      </div>
      {children}
    </Stack>
  )
}

function Heads({ heads }: { readonly heads: NonNullable<TokenDetail['heads']> }) {
  const columns = Math.min(symbolsShown, Math.max(...heads.map((symbols) => symbols.length)))
  return (
    <Table
      className="console-table console-heads"
      verticalSpacing={1}
      horizontalSpacing={4}
      withRowBorders={false}
      aria-label={text.heads}
    >
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">{text.head}</Table.Th>
          <Table.Th scope="col" colSpan={columns}>
            {text.symbols}
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {heads.map((symbols, head) => (
          <Table.Tr key={head}>
            <Table.Th scope="row">{head + 1}</Table.Th>
            {symbols.slice(0, columns).map(({ symbol, probability }, rank) => (
              <Table.Td key={rank}>
                <Share share={probability}>
                  <bdi className="console-symbol">{visibleText(symbol)}</bdi>
                </Share>
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}

function Candidates({
  label,
  candidates,
  chosen,
}: {
  readonly label: string
  readonly candidates: readonly Candidate[]
  readonly chosen: number
}) {
  const chosenRank = candidates.findIndex(({ token }) => token === chosen)
  return (
    <Table
      className="console-table"
      verticalSpacing={1}
      horizontalSpacing={4}
      withRowBorders={false}
      aria-label={label}
    >
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">{text.token}</Table.Th>
          <Table.Th scope="col">{text.probability}</Table.Th>
          <Table.Th scope="col">{text.logProbability}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {candidates.map(({ text: tokenText, logProbability, probability }, rank) => (
          <Table.Tr key={rank} data-chosen={rank === chosenRank || undefined}>
            <Table.Th scope="row">
              <bdi className="console-symbol">{visibleText(tokenText)}</bdi>
              {rank === chosenRank && (
                <Text span size="xs" fw={400} ml={6}>
                  {text.chosen}
                </Text>
              )}
            </Table.Th>
            <Table.Td>
              <Share share={probability} />
            </Table.Td>
            <Table.Td className="console-number">{text.logValue(logProbability)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}

/** A share as a number over a bar of its length. */
function Share({ share, children }: { readonly share: number; readonly children?: ReactNode }) {
  return (
    <div className="console-share">
      <div className="console-share-bar" style={{ width: `${100 * Math.min(1, Math.max(0, share))}%` }} />
      {children}
      <span className="console-number">{text.percent(share)}</span>
    </div>
  )
}

const quoted = (tokenText: string) => `“${visibleText(tokenText)}”`
