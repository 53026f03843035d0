import { Button, Group, Skeleton, Stack, Text } from '@mantine/core'
import { useEffect, useMemo, useRef } from 'react'
import type { RunSummary } from '../../../src-main/contract/index.ts'
import { ErrorNotice } from '../../components/error-notice.tsx'
import { Screen } from '../../components/screen.tsx'
import { goTo, paths } from '../../navigation.ts'
import { useRunCurves } from '../../runs/use-run-curves.ts'
import { useRuns } from '../../runs/use-runs.ts'
import { strings } from '../../strings/index.ts'
import { CurvesSection, type ComparableRun } from './curves-section.tsx'
import { HeadAccuracy } from './head-accuracy.tsx'
import { LogPanel } from './log-panel.tsx'
import { ResultPanel } from './result-panel.tsx'
import { RunActions } from './run-actions.tsx'
import { RunState } from './run-state.tsx'
import { SamplesPanel } from './samples-panel.tsx'
import { SettingsPanel } from './settings-panel.tsx'

/**
 * One run: how far it is, its curves, what the models write, its log, settings and result. Goes home when the run
 * is deleted.
 */
export function RunScreen({ id }: { readonly id: string }) {
  const runs = useRuns()
  const run = runs.list?.find((candidate) => candidate.id === id)
  const wasThere = useRef(false)
  useEffect(() => {
    if (run) wasThere.current = true
    else if (runs.list && wasThere.current) goTo(paths.home)
  }, [run, runs.list])
  if (run) return <ExistingRun run={run} others={runs.list!.filter((other) => other.id !== id)} />
  if (runs.list) return <MissingRun id={id} />
  return (
    <Screen title={id}>
      {runs.error === null ? <RunSkeleton /> : <ErrorNotice error={runs.error} onRetry={runs.retry} />}
    </Screen>
  )
}

function ExistingRun({ run, others }: { readonly run: RunSummary; readonly others: readonly RunSummary[] }) {
  const { curves, changes, error, retry } = useRunCurves(run.status === 'broken' ? null : run.id)
  const comparable = useComparableRuns(others)
  return (
    <Screen title={run.id} actions={<RunActions run={run} />}>
      <RunState run={run} curves={curves} changes={changes} />
      {run.result && <ResultPanel id={run.id} result={run.result} />}
      {error !== null && <ErrorNotice error={error} onRetry={retry} />}
      {curves ? (
        <>
          <CurvesSection
            id={run.id}
            learnsSampling={run.settings?.samplingTail ?? false}
            curves={curves}
            changes={changes}
            others={comparable}
          />
          <HeadAccuracy curves={curves} changes={changes} />
          <SamplesPanel curves={curves} changes={changes} />
          <LogPanel curves={curves} changes={changes} />
        </>
      ) : (
        error === null && run.status !== 'broken' && <CurvesSkeleton />
      )}
      <SettingsPanel run={run} />
    </Screen>
  )
}

/** The runs that have a curve; the same list until it changes, whatever else the engine reports. */
function useComparableRuns(runs: readonly RunSummary[]): readonly ComparableRun[] {
  const key = JSON.stringify(
    runs.filter(({ sparkline }) => sparkline.length > 0).map(({ id, status }) => ({ id, status })),
  )
  return useMemo(() => JSON.parse(key) as ComparableRun[], [key])
}

function MissingRun({ id }: { readonly id: string }) {
  return (
    <Screen title={strings.training.notFound(id)}>
      <Stack align="start">
        <Text>{strings.training.notFoundRemedy}</Text>
        <Button variant="default" onClick={() => goTo(paths.home)}>
          {strings.training.goHome}
        </Button>
      </Stack>
    </Screen>
  )
}

function RunSkeleton() {
  return (
    <Stack aria-busy aria-label={strings.app.loading} role="status">
      <Skeleton height={92} />
      <CurvesSkeleton />
    </Stack>
  )
}

function CurvesSkeleton() {
  return (
    <Stack role="status" aria-busy aria-label={strings.training.loadingCurves}>
      <Group wrap="nowrap" align="start">
        <Skeleton height={380} />
        <Skeleton height={380} maw={420} />
      </Group>
      <Skeleton height={180} />
    </Stack>
  )
}
