import { Button, Group, PasswordInput, Skeleton, Stack, Text } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { HubState } from '../../../src-main/contract/index.ts'
import { ErrorNotice } from '../../components/error-notice.tsx'
import { FactList } from '../../components/facts.tsx'
import { Panel } from '../../components/panel.tsx'
import { queries, queryClient } from '../../connection/engine.ts'
import { strings } from '../../strings/index.ts'

const words = strings.settings.hub

/** Where models come from, and the access token for gated ones, which can be given and taken back but never seen. */
export function HubPanel() {
  const { data: state, error, refetch } = useQuery(queries.hub.state.queryOptions())
  return (
    <Panel title={words.title}>
      <Stack gap="md">
        {error ? (
          <ErrorNotice error={error} onRetry={() => void refetch()} />
        ) : state ? (
          <Facts state={state} />
        ) : (
          <Skeleton height={90} />
        )}
        <TokenForm state={state ?? null} />
      </Stack>
    </Panel>
  )
}

function Facts({ state }: { readonly state: HubState }) {
  const { endpoint, isMirror, cacheFolder, isOffline, tokenSource } = state
  return (
    <Stack gap="xs">
      <FactList
        facts={[
          { name: isMirror ? words.mirror : words.hub, value: endpoint },
          { name: words.cache, value: cacheFolder, isWide: true },
          {
            name: words.token,
            value: tokenSource === null ? words.noToken : words.tokenSources[tokenSource],
            isWide: true,
          },
        ]}
      />
      {isOffline && <Text size="sm">{words.offline}</Text>}
    </Stack>
  )
}

function TokenForm({ state }: { readonly state: HubState | null }) {
  const [token, setToken] = useState('')
  const settled = () => queryClient.invalidateQueries({ queryKey: queries.hub.key() })
  const set = useMutation(
    queries.hub.setToken.mutationOptions({ onSuccess: () => setToken(''), onSettled: settled }),
  )
  const remove = useMutation(queries.hub.removeToken.mutationOptions({ onSettled: settled }))
  const isOwn = state?.tokenSource === 'key-store' || state?.tokenSource === 'file'
  const failure = set.error ?? remove.error
  return (
    <Stack
      gap="xs"
      component="form"
      onSubmit={(event) => {
        event.preventDefault()
        remove.reset()
        if (token.trim() !== '') set.mutate({ token })
      }}
    >
      <PasswordInput
        label={isOwn ? words.replace : words.give}
        description={state ? words.place(state.tokenPlace) : ' '}
        placeholder="hf_…"
        value={token}
        onChange={({ currentTarget }) => setToken(currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
        visibilityToggleButtonProps={{ 'aria-label': words.show }}
        maw={480}
      />
      {failure && <ErrorNotice error={failure} />}
      <Group gap="xs">
        <Button
          type="submit"
          size="xs"
          variant="default"
          disabled={token.trim() === ''}
          loading={set.isPending}
        >
          {words.save}
        </Button>
        {isOwn && (
          <Button
            size="xs"
            variant="default"
            loading={remove.isPending}
            onClick={() => {
              set.reset()
              remove.mutate(undefined)
            }}
          >
            {words.remove}
          </Button>
        )}
      </Group>
      <Text size="sm" role="status">
        {set.isSuccess ? words.saved : remove.isSuccess ? words.removed : ''}
      </Text>
    </Stack>
  )
}
