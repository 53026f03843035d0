import { Button, Group, Paper, Progress, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import type { Download, HubModel } from '../../../src-main/contract/index.ts'
import { ErrorNotice, ProblemNotice } from '../../components/error-notice.tsx'
import { engine, queries, queryClient } from '../../connection/engine.ts'
import { goTo, paths } from '../../navigation.ts'
import { strings } from '../../strings/index.ts'
import { chooseBase } from './wizard-store.ts'

const words = strings.wizard.hub

const refresh = () => queryClient.invalidateQueries({ queryKey: queries.models.downloads.key() })
const pollMilliseconds = 500

/** Finds and fetches models of the Hub. Downloads continue in the engine, whatever the page does. */
export function HubModels() {
  const [id, setId] = useState('')
  const { data: downloads = [] } = useQuery(
    queries.models.downloads.queryOptions({
      refetchInterval: ({ state }) =>
        state.data?.some(({ status }) => status === 'running') ? pollMilliseconds : false,
    }),
  )
  const asking = useRef<AbortController>(null)
  const lookUp = useMutation({
    mutationFn: (wanted: string) => {
      asking.current = new AbortController()
      return engine.hub.lookUp({ id: wanted }, { signal: asking.current.signal })
    },
    onSuccess: ({ reference }) => {
      if (reference !== null) chooseBase(reference)
    },
  })
  const forget = () => {
    asking.current?.abort()
    lookUp.reset()
  }
  const finished = downloads.filter(({ status }) => status === 'finished').length
  useEffect(() => {
    if (finished > 0) void queryClient.invalidateQueries({ queryKey: queries.models.list.key() })
  }, [finished])
  const done = () => {
    setId('')
    forget()
  }
  return (
    <Paper
      withBorder
      p="md"
      component="form"
      onSubmit={(event) => {
        event.preventDefault()
        if (id.trim() !== '') lookUp.mutate(id)
      }}
    >
      <Stack gap="sm">
        <TextInput
          label={words.id}
          description={words.idDescription}
          placeholder={words.idPlaceholder}
          value={id}
          onChange={({ currentTarget }) => {
            setId(currentTarget.value)
            forget()
          }}
          spellCheck={false}
          autoComplete="off"
        />
        <Group>
          <Button type="submit" variant="default" disabled={id.trim() === ''} loading={lookUp.isPending}>
            {words.lookUp}
          </Button>
          {lookUp.isPending && (
            <Button variant="subtle" color="gray" onClick={forget}>
              {words.cancel}
            </Button>
          )}
        </Group>
        {lookUp.error && <ErrorNotice error={lookUp.error} />}
        <div role="status">
          {lookUp.isPending && <Text size="sm">{words.asking}</Text>}
          {lookUp.data && <Found model={lookUp.data} onDone={done} />}
        </div>
        {downloads.map((download) => (
          <DownloadRow key={download.id} download={download} />
        ))}
      </Stack>
    </Paper>
  )
}

/** What was found: chosen already, or to be fetched once its size is known. */
function Found({ model: { id, size }, onDone }: { readonly model: HubModel; readonly onDone: () => void }) {
  const start = useMutation(
    queries.models.download.mutationOptions({ onSuccess: onDone, onSettled: refresh }),
  )
  if (size === null) return <Text size="sm">{words.cached(id)}</Text>
  return (
    <Stack gap="xs">
      <Text size="sm">{words.size(id, size)}</Text>
      {start.error && <ErrorNotice error={start.error} />}
      <Group gap="xs">
        <Button size="xs" loading={start.isPending} onClick={() => start.mutate({ id })}>
          {words.download}
        </Button>
        <Button size="xs" variant="subtle" color="gray" onClick={onDone}>
          {words.cancel}
        </Button>
      </Group>
    </Stack>
  )
}

function DownloadRow({ download }: { readonly download: Download }) {
  const { id, status, bytesDone, bytesTotal, reference, notice, problem } = download
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
      <Text size="sm" c="dimmed">
        {words.state(download)}
      </Text>
      {notice !== null && (
        <Text size="sm" role="status">
          {notice}
        </Text>
      )}
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
        {problem?.code === 'access-denied' && (
          <Button size="xs" variant="default" onClick={() => goTo(paths.settings)}>
            {words.giveToken}
          </Button>
        )}
        {reference !== null && (
          <Button size="xs" variant="default" onClick={() => chooseBase(reference)}>
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
