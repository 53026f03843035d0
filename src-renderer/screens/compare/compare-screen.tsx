import { Button, EmptyState, Skeleton, Stack } from '@mantine/core'
import { IconArrowsDiff } from '@tabler/icons-react'
import { ErrorNotice } from '../../components/error-notice.tsx'
import { Screen } from '../../components/screen.tsx'
import { goTo, paths } from '../../navigation.ts'
import { useRuns } from '../../runs/use-runs.ts'
import { strings } from '../../strings/index.ts'
import { useCompare } from './compare-store.ts'
import { OverlaidCurves } from './overlaid-curves.tsx'
import { RunTable } from './run-table.tsx'

const text = strings.compare

/** All runs in one table, and the curves of chosen ones over each other. */
export function CompareScreen() {
  const runs = useRuns()
  const chosenIds = useCompare((state) => state.chosen)
  if (runs.list?.length === 0) {
    return (
      <Screen title={text.title}>
        <EmptyState
          icon={<IconArrowsDiff />}
          title={text.emptyTitle}
          description={text.emptyText}
          withIndicatorBackground
          py="xl"
        >
          <EmptyState.Actions>
            <Button onClick={() => goTo(paths.newConversion)}>{text.newConversion}</Button>
          </EmptyState.Actions>
        </EmptyState>
      </Screen>
    )
  }
  return (
    <Screen title={text.title}>
      {runs.error !== null && <ErrorNotice error={runs.error} onRetry={runs.retry} />}
      {runs.list ? (
        <>
          <RunTable runs={runs.list} />
          <OverlaidCurves runs={chosenIds.flatMap((id) => runs.list?.find((run) => run.id === id) ?? [])} />
        </>
      ) : (
        runs.error === null && (
          <Stack role="status" aria-busy aria-label={strings.app.loading}>
            <Skeleton height={260} />
            <Skeleton height={360} />
          </Stack>
        )
      )}
    </Screen>
  )
}
