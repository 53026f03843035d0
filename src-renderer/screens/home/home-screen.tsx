import { Button, Skeleton, Stack } from '@mantine/core'
import { IconFolderPlus, IconPlayerPlay } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { ErrorNotice } from '../../components/error-notice.tsx'
import { Panel } from '../../components/panel.tsx'
import { PathDrop } from '../../components/path-drop.tsx'
import { Screen } from '../../components/screen.tsx'
import { usePathPicker } from '../../components/use-path-picker.tsx'
import { queries, queryClient } from '../../connection/engine.ts'
import { useRuns } from '../../runs/use-runs.ts'
import { strings } from '../../strings/index.ts'
import { prepareSampleConversion } from '../wizard/wizard-store.ts'
import { ModelTable } from './model-table.tsx'
import { RunTable } from './run-table.tsx'
import { Welcome } from './welcome.tsx'

const words = strings.home

/** Where everything begins: runs and models. */
export function HomeScreen() {
  const runs = useRuns()
  const hasRuns = runs.list !== undefined && runs.list.length > 0
  return (
    <Screen
      title={words.title}
      actions={
        hasRuns && (
          <Button
            variant="default"
            leftSection={<IconPlayerPlay size={17} aria-hidden />}
            onClick={prepareSampleConversion}
          >
            {strings.actions.convertSample}
          </Button>
        )
      }
    >
      <Stack gap="lg" maw={1280}>
        {runs.error !== null && <ErrorNotice error={runs.error} onRetry={runs.retry} />}
        {hasRuns ? (
          <Panel title={words.runs}>
            <RunTable runs={runs.list} />
          </Panel>
        ) : runs.list ? (
          <Welcome />
        ) : (
          runs.error === null && <Skeleton height={280} />
        )}
        <Models />
      </Stack>
    </Screen>
  )
}

function Models() {
  const { data: models, error, refetch } = useQuery(queries.models.list.queryOptions())
  const add = useMutation(
    queries.models.add.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries({ queryKey: queries.models.list.key() }),
    }),
  )
  const addFolder = ([reference]: string[]) => add.mutate({ reference: reference! })
  const { pick, dialog } = usePathPicker({ title: words.pickTitle, wanted: 'folder', onPicked: addFolder })
  return (
    <PathDrop onDrop={addFolder}>
      <Panel
        title={words.models}
        actions={
          <Button
            size="xs"
            variant="default"
            leftSection={<IconFolderPlus size={16} aria-hidden />}
            loading={add.isPending}
            onClick={pick}
          >
            {words.addFolder}
          </Button>
        }
      >
        {add.error && <ErrorNotice error={add.error} />}
        {error ? (
          <ErrorNotice error={error} onRetry={() => void refetch()} />
        ) : models ? (
          <ModelTable models={models} />
        ) : (
          <Skeleton height={120} />
        )}
        {dialog}
      </Panel>
    </PathDrop>
  )
}
