import { Button, Group, Paper, Progress, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { Download } from '../../../src-main/contract/index.ts'
import { ErrorNotice, ProblemNotice } from '../../components/error-notice.tsx'
import { queries, queryClient } from '../../connection/engine.ts'
import { strings } from '../../strings/index.ts'
import { changeDraft } from './wizard-store.ts'

const words = strings.wizard.hub

const refresh = () => queryClient.invalidateQueries({ queryKey: queries.models.downloads.key() })
const pollMilliseconds = 500

/** Fetches models from the Hub. Downloads go on in the engine, whatever the page does. */
export function HubModels() {
  const [id, setId] = useState('')
  const { data: downloads = [] } = useQuery(
    queries.models.downloads.queryOptions({
      refetchInterval: ({ state }) =>
        state.data?.some(({ status }) => status === 'running') ? pollMilliseconds : false,
    }),
  )
  const start = useMutation(queries.models.download.mutationOptions({ onSettled: refresh }))
  const finished = downloads.filter(({ status }) => status === 'finished').length
  useEffect(() => {
    if (finished > 0) void queryClient.invalidateQueries({ queryKey: queries.models.list.key() })
  }, [finished])
  return (
    <Paper
      withBorder
      p="md"
      component="form"
      onSubmit={(event) => {
        event.preventDefault()
        if (id.trim() !== '') start.mutate({ id }, { onSuccess: () => setId('') })
      }}
    >
      <Stack gap="sm">
        <TextInput
          label={words.id}
          description={words.idDescription}
          placeholder={words.idPlaceholder}
          value={id}
          onChange={({ currentTarget }) => setId(currentTarget.value)}
          spellCheck={false}
          autoComplete="off"
        />
        <Group>
          <Button type="submit" variant="default" disabled={id.trim() === ''} loading={start.isPending}>
            {words.download}
          </Button>
        </Group>
        {start.error && <ErrorNotice error={start.error} />}
        {downloads.map((download) => (
          <DownloadRow key={download.id} download={download} />
        ))}
      </Stack>
    </Paper>
  )
}

function DownloadRow({ download }: { readonly download: Download }) {
  const { id, status, bytesDone, bytesTotal, reference, problem } = download
  const stop = useMutation(queries.models.stopDownload.mutationOptions({ onSettled: refresh }))
  const resume = useMutation(queries.models.download.mutationOptions({ onSettled: refresh }))
  const forget = useMutation(queries.models.forgetDownload.mutationOptions({ onSettled: refresh }))
  return (
    <Stack gap={6} role="group" aria-label={words.downloadOf(id)}>
      <Text size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
        {id}
      </Text>
      {status === 'running' && (
        <Progress.Root size="lg">
          <Progress.Section
            value={bytesTotal ? (100 * bytesDone) / bytesTotal : 0}
            aria-label={words.downloadOf(id)}
          />
        </Progress.Root>
      )}
      <Text size="sm" c="dimmed" role="status">
        {words.state(download)}
      </Text>
      {problem && <ProblemNotice problem={problem} />}
      <Group gap="xs">
        {status === 'running' && (
          <Button size="xs" variant="default" onClick={() => stop.mutate({ id })}>
            {words.stop}
          </Button>
        )}
        {(status === 'stopped' || status === 'failed') && (
          <Button size="xs" variant="default" onClick={() => resume.mutate({ id })}>
            {words.resume}
          </Button>
        )}
        {reference !== null && (
          <Button size="xs" variant="default" onClick={() => changeDraft({ base: reference, name: null })}>
            {words.choose}
          </Button>
        )}
        {status !== 'running' && (
          <Button size="xs" variant="subtle" color="gray" onClick={() => forget.mutate({ id })}>
            {words.forget}
          </Button>
        )}
      </Group>
    </Stack>
  )
}
