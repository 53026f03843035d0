import {
  ActionIcon,
  Anchor,
  Button,
  Group,
  Progress,
  Stack,
  Table,
  Text,
  Tooltip,
  VisuallyHidden,
} from '@mantine/core'
import { IconPlayerPause, IconPlayerPlay, IconTerminal2, IconTrash } from '@tabler/icons-react'
import { useDisclosure } from '@mantine/hooks'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { RunSummary } from '../../../src-main/contract/index.ts'
import { focusHeading } from '../../components/focus-heading.ts'
import { showError } from '../../components/show-error.ts'
import { Sparkline } from '../../components/sparkline.tsx'
import { queries } from '../../connection/engine.ts'
import { goTo, paths } from '../../navigation.ts'
import { DeleteRunDialog } from '../../runs/delete-run-dialog.tsx'
import { actionsOf } from '../../runs/run-actions.ts'
import { StatusLabel } from '../../runs/status-label.tsx'
import { formatMoment, formatPercent } from '../../strings/format.ts'
import { strings } from '../../strings/index.ts'

const words = strings.home
const shownAtFirst = 10

/** Runs with how far they are and what can be done with them. */
export function RunTable({ runs }: { readonly runs: readonly RunSummary[] }) {
  const [isWhole, { toggle }] = useDisclosure(false)
  const [deletedId, setDeletedId] = useState<string | null>(null)
  return (
    <>
      <Table.ScrollContainer minWidth={640} type="native" pos="relative">
        <Table verticalSpacing="sm" horizontalSpacing="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th miw={{ base: 170, lg: 215 }}>{words.run}</Table.Th>
              <Table.Th>{words.status}</Table.Th>
              <Table.Th miw={190}>{words.progress}</Table.Th>
              <Table.Th visibleFrom="lg">{words.loss}</Table.Th>
              <Table.Th>
                <VisuallyHidden>{words.actions}</VisuallyHidden>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {runs.slice(0, isWhole ? undefined : shownAtFirst).map((run) => (
              <RunRow key={run.id} run={run} onDelete={() => setDeletedId(run.id)} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {runs.length > shownAtFirst && (
        <Button size="xs" variant="default" aria-expanded={isWhole} onClick={toggle}>
          {isWhole ? words.showFewer : words.showAll(runs.length)}
        </Button>
      )}
      <DeleteRunDialog
        run={runs.find(({ id }) => id === deletedId) ?? null}
        onClose={() => setDeletedId(null)}
        onDeleted={focusHeading}
      />
    </>
  )
}

function RunRow({ run, onDelete }: { readonly run: RunSummary; readonly onDelete: () => void }) {
  const { id, base, settings, created, status, sparkline } = run
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={400} maw={320}>
        <Anchor href={`#${paths.run(id)}`} size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
          {id}
        </Anchor>
        <Text size="xs" c="dimmed">
          {words.runDetails(base.name, spelledLength(settings), settings && alphabetName(settings.alphabet))}
        </Text>
        <Text size="xs" c="dimmed">
          {formatMoment(created)}
        </Text>
      </Table.Th>
      <Table.Td>
        <StatusLabel status={status} />
      </Table.Td>
      <Table.Td>
        <ProgressOrResult run={run} />
      </Table.Td>
      <Table.Td visibleFrom="lg">
        {sparkline.length > 0 && (
          <Sparkline values={sparkline} label={words.sparkline(sparkline[0]!, sparkline.at(-1)!)} />
        )}
      </Table.Td>
      <Table.Td>
        <RowActions run={run} onDelete={onDelete} />
      </Table.Td>
    </Table.Tr>
  )
}

/** k; null: nothing is spelled, or nobody knows. */
const spelledLength = (settings: RunSummary['settings']): number | null =>
  settings === null || /^groups(:|$)/.test(settings.alphabet) ? null : settings.k

const alphabetName = (specification: string): string =>
  specification.startsWith('characters:') ? words.customAlphabet : specification

function ProgressOrResult({
  run: { status, progress, result, problem, step, steps },
}: {
  readonly run: RunSummary
}) {
  if (problem && (status === 'failed' || status === 'broken'))
    return (
      <Stack gap={2} maw={420}>
        <Text size="sm">{problem.message}</Text>
        <Text size="sm" c="dimmed">
          {problem.remedy}
        </Text>
      </Stack>
    )
  if (result)
    return (
      <Group gap="md" className="fact-value">
        <Text size="sm" c="dimmed">
          {words.agreement}
        </Text>
        <Agreement mode={words.agreementTrie} share={result.agreement.trie} />
        <Agreement mode={words.agreementFree} share={result.agreement.free} />
      </Group>
    )
  if (status === 'running' || status === 'pausing')
    return progress ? <PhaseProgress progress={progress} /> : <Text size="sm">{words.starting}</Text>
  if (status === 'queued') return <Text size="sm">{words.queued}</Text>
  return (
    <Stack gap={2} maw={420}>
      <Text size="sm">{step === 0 ? words.beforeTraining : words.atStep(step, steps)}</Text>
      {status === 'interrupted' && (
        <Text size="sm" c="dimmed">
          {words.interruptedHint}
        </Text>
      )}
    </Stack>
  )
}

function Agreement({ mode, share }: { readonly mode: string; readonly share: number }) {
  return (
    <Text size="sm">
      {mode} <b>{formatPercent(share)}</b>
    </Text>
  )
}

function PhaseProgress({ progress }: { readonly progress: NonNullable<RunSummary['progress']> }) {
  const { phase, done, total, rate, secondsLeft } = progress
  const share = total > 0 ? Math.min(1, done / total) : 0
  const label = words.phaseProgress(strings.runs.phase[phase], share)
  return (
    <Stack gap={4}>
      <Text size="sm" className="fact-value">
        {label}
      </Text>
      <Progress value={share * 100} aria-label={label} />
      <Text size="xs" c="dimmed" className="fact-value">
        {words.phaseDetails(rate, secondsLeft)}
      </Text>
    </Stack>
  )
}

function RowActions({
  run: { id, status },
  onDelete,
}: {
  readonly run: RunSummary
  readonly onDelete: () => void
}) {
  const pause = useMutation(queries.runs.pause.mutationOptions({ onError: showError }))
  const resume = useMutation(queries.runs.resume.mutationOptions({ onError: showError }))
  const actions = actionsOf(status)
  return (
    <Group gap="xs" justify="flex-end" wrap="nowrap">
      {actions.includes('continue') && (
        <Button
          size="xs"
          variant={status === 'interrupted' ? 'filled' : 'default'}
          leftSection={<IconPlayerPlay size={15} aria-hidden />}
          aria-label={words.nameAction(strings.runs.continue, id)}
          loading={resume.isPending}
          onClick={() => resume.mutate({ id })}
        >
          {strings.runs.continue}
        </Button>
      )}
      {actions.includes('pause') && (
        <Button
          size="xs"
          variant="default"
          leftSection={<IconPlayerPause size={15} aria-hidden />}
          aria-label={words.nameAction(strings.runs.pause, id)}
          loading={pause.isPending}
          onClick={() => pause.mutate({ id })}
        >
          {strings.runs.pause}
        </Button>
      )}
      {actions.includes('test') && (
        <Button
          size="xs"
          variant="default"
          leftSection={<IconTerminal2 size={15} aria-hidden />}
          aria-label={words.nameAction(strings.runs.test, id)}
          onClick={() => goTo(paths.console(id))}
        >
          {words.test}
        </Button>
      )}
      <Tooltip label={strings.runs.delete}>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={words.nameAction(strings.runs.delete, id)}
          onClick={onDelete}
        >
          <IconTrash size={17} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </Group>
  )
}
