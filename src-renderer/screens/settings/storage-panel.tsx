import { Button, Group, Skeleton, Stack, Table, Text, VisuallyHidden } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { StoragePlace } from '../../../src-main/contract/index.ts'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'
import { ErrorNotice } from '../../components/error-notice.tsx'
import { Panel } from '../../components/panel.tsx'
import { showError } from '../../components/show-error.ts'
import { usePathPicker } from '../../components/use-path-picker.tsx'
import { queries, queryClient } from '../../connection/engine.ts'
import { formatBytes } from '../../strings/format.ts'
import { strings } from '../../strings/index.ts'
import { useSettings } from './use-settings.ts'

const words = strings.settings

export function StoragePanel() {
  const { data: storage, error, refetch } = useQuery(queries.app.storage.queryOptions())
  return (
    <Panel title={words.storage} {...(storage ? { explanation: words.free(storage.freeBytes) } : {})}>
      <Stack gap="lg">
        <RunsFolder />
        {error ? (
          <ErrorNotice error={error} onRetry={() => void refetch()} />
        ) : storage ? (
          <Places places={storage.places} />
        ) : (
          <Skeleton height={160} />
        )}
      </Stack>
    </Panel>
  )
}

function RunsFolder() {
  const { data: info } = useQuery(queries.app.info.queryOptions())
  const { settings, change } = useSettings()
  const { pick, dialog } = usePathPicker({
    title: words.pickTitle,
    wanted: 'folder',
    onPicked: ([folder]) => change.mutate({ runsFolder: folder! }),
  })
  const host = window.studioHost
  if (!info) return <Skeleton height={60} />
  return (
    <Stack gap="xs">
      <Text size="sm" fw={500}>
        {words.runsFolder}
      </Text>
      <Text size="sm" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
        {info.runsFolder}
      </Text>
      <Text size="xs" c="dimmed">
        {words.runsFolderDescription}
      </Text>
      {change.error && <ErrorNotice error={change.error} />}
      <Group gap="xs">
        <Button size="xs" variant="default" loading={change.isPending} onClick={pick}>
          {words.changeFolder}
        </Button>
        {settings && settings.runsFolder !== null && (
          <Button size="xs" variant="default" onClick={() => change.mutate({ runsFolder: null })}>
            {words.defaultFolder}
          </Button>
        )}
        {host && (
          <Button
            size="xs"
            variant="default"
            onClick={() => void host.reveal(info.runsFolder).catch(showError)}
          >
            {words.reveal}
          </Button>
        )}
      </Group>
      {dialog}
    </Stack>
  )
}

/** A place that can be cleaned. */
interface Cleanable {
  readonly kind: Exclude<StoragePlace['kind'], 'runs'>
  readonly bytes: number
}

function cleanable({ kind, removableBytes }: StoragePlace): Cleanable | null {
  return kind === 'runs' || removableBytes === 0 ? null : { kind, bytes: removableBytes }
}

function Places({ places }: { readonly places: readonly StoragePlace[] }) {
  const [cleaned, setCleaned] = useState<Cleanable | null>(null)
  return (
    <>
      <Table.ScrollContainer minWidth={560} type="native" pos="relative">
        <Table verticalSpacing="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.place}</Table.Th>
              <Table.Th ta="right">{words.size}</Table.Th>
              <Table.Th ta="right">{words.removable}</Table.Th>
              <Table.Th>
                <VisuallyHidden>{words.actions}</VisuallyHidden>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {places.map((place) => {
              const target = cleanable(place)
              return (
                <Table.Tr key={place.kind}>
                  <Table.Th scope="row" fw={400}>
                    <Text size="sm" fw={500}>
                      {words.places[place.kind]}
                    </Text>
                    <Text size="xs" c="dimmed">
                      {words.placeDescriptions[place.kind]}
                    </Text>
                  </Table.Th>
                  <Table.Td ta="right">{formatBytes(place.bytes)}</Table.Td>
                  <Table.Td ta="right">
                    {place.kind === 'runs' ? '' : formatBytes(place.removableBytes)}
                  </Table.Td>
                  <Table.Td ta="right">
                    {place.kind !== 'runs' && (
                      <Button
                        size="xs"
                        variant="default"
                        disabled={target === null}
                        aria-label={words.cleanPlace(words.places[place.kind])}
                        onClick={() => setCleaned(target)}
                      >
                        {words.clean}
                      </Button>
                    )}
                  </Table.Td>
                </Table.Tr>
              )
            })}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <CleanDialog target={cleaned} onClose={() => setCleaned(null)} />
    </>
  )
}

function CleanDialog({
  target,
  onClose,
}: {
  readonly target: Cleanable | null
  readonly onClose: () => void
}) {
  const clean = useMutation(
    queries.app.cleanStorage.mutationOptions({
      onSuccess: ({ freedBytes }) => {
        notifications.show({ message: words.cleaned(freedBytes), color: 'green', role: 'status' })
        onClose()
      },
      onSettled: () => queryClient.invalidateQueries({ queryKey: queries.app.storage.key() }),
    }),
  )
  return (
    <ConfirmDialog
      opened={target !== null}
      title={target ? words.cleanTitle(words.places[target.kind]) : ''}
      confirmLabel={target ? words.cleanConfirm(target.bytes) : ''}
      cancelLabel={words.cancel}
      isBusy={clean.isPending}
      error={clean.error}
      onConfirm={() => target && clean.mutate({ kind: target.kind })}
      onClose={() => {
        clean.reset()
        onClose()
      }}
    >
      <Text size="sm">{target && words.cleanTexts[target.kind](target.bytes)}</Text>
    </ConfirmDialog>
  )
}
