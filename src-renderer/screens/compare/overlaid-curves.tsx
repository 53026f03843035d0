import { Grid, Group, Loader, SegmentedControl, Text } from '@mantine/core'
import { useCallback, useMemo } from 'react'
import type { RunSummary } from '../../../src-main/contract/index.ts'
import { Chart } from '../../components/chart/chart.tsx'
import type { Line } from '../../components/chart/line.ts'
import { createXAxis } from '../../components/chart/x-axis.ts'
import type { Range } from '../../components/chart/zoom.ts'
import { ErrorNotice } from '../../components/error-notice.tsx'
import { Panel } from '../../components/panel.tsx'
import { queries, queryClient } from '../../connection/engine.ts'
import { CurveControls } from '../../runs/curve-controls.tsx'
import { useCurvePreferences } from '../../runs/curve-preferences.ts'
import { useSmoothedHistories } from '../../runs/use-histories.ts'
import { useLiveHistory } from '../../runs/use-live-history.ts'
import {
  formatCompact,
  formatCount,
  formatList,
  formatPercent,
  formatShortPercent,
  formatSignificant,
} from '../../strings/format.ts'
import { strings } from '../../strings/index.ts'
import { useCompare } from './compare-store.ts'

const text = strings.compare
const chartHeight = 320
const formatLoss = (value: number) => formatSignificant(value)
const formatShare = (value: number) => formatPercent(value)

/** Loss and agreement of several runs, over steps or tokens. The one that trains continues while it is looked at. */
export function OverlaidCurves({ runs }: { readonly runs: readonly RunSummary[] }) {
  const { axis, mode } = useCompare()
  const { smoothing, isLogarithmic } = useCurvePreferences()
  const strideOf = ({ settings }: RunSummary) => (axis === 'tokens' ? (settings?.batchTokens ?? 1) : 1)
  const training = runs.find(({ status }) => status === 'running' || status === 'pausing')
  const live = useLiveHistory(training?.id ?? null, smoothing, training ? strideOf(training) : 1)
  const { loaded, isLoading, error } = useSmoothedHistories(
    runs.filter((run) => run !== training),
    smoothing,
  )

  // As texts, so that the lines stay the same with each new list of the same runs.
  const names = runs.map(({ id }) => id).join('\n')
  const strides = runs.map((run) => (run === training ? 1 : strideOf(run))).join()
  const xAxis = useMemo(createXAxis, [axis])

  const { lossLines, agreementLines } = useMemo(() => {
    const ids = names.split('\n')
    const byRun = strides.split(',').map(Number)
    const scaled = (steps: readonly number[], run: number) =>
      byRun[run] === 1 ? steps : steps.map((step) => step * byRun[run]!)
    const line = (run: number, id: string, x: readonly number[], y: readonly number[]): Line => ({
      label: id,
      x: scaled(x, run),
      y,
      color: run,
      dash: run,
    })
    const drawn = [...loaded, ...(live.history ? [live.history] : [])]
      .map((curves) => ({ ...curves, run: ids.indexOf(curves.id) }))
      .filter(({ run }) => run >= 0)
      .sort((a, b) => a.run - b.run)
    return {
      lossLines: drawn.map(({ id, run, step, smoothedLoss }) => line(run, id, step, smoothedLoss)),
      agreementLines: drawn.map(({ id, run, evaluationStep, trieAgreement, freeAgreement }) =>
        line(run, id, evaluationStep, mode === 'trie' ? trieAgreement : freeAgreement),
      ),
    }
  }, [loaded, live.history, names, strides, mode])

  const extent = useCallback(
    (): Range => [0, Math.max(1, ...lossLines.map(({ x }) => x[x.length - 1] ?? 0))],
    [lossLines],
  )
  const shared = {
    axis: xAxis,
    extent,
    changes: live.changes,
    height: chartHeight,
    xName: axis === 'step' ? text.step : text.tokens,
    formatX: axis === 'step' ? formatCount : formatCompact,
  }
  const withoutCurve = loaded.filter(({ step }) => step.length === 0).map(({ id }) => id)

  return (
    <Panel title={text.curves} actions={runs.length > 0 && <Controls isLoading={isLoading} />}>
      {runs.length === 0 ? (
        <Text size="sm" c="dimmed">
          {text.noSelection}
        </Text>
      ) : (
        <>
          {error !== null && <ErrorNotice error={error} onRetry={renewHistories} />}
          {live.error !== null && <ErrorNotice error={live.error} onRetry={live.retry} />}
          <Grid gap="xl" align="end">
            <Grid.Col span={{ base: 12, lg: 6 }}>
              <Chart
                {...shared}
                title={strings.training.loss}
                lines={lossLines}
                scale={isLogarithmic ? 'log' : 'linear'}
                formatY={formatLoss}
                controls={<CurveControls />}
              />
            </Grid.Col>
            <Grid.Col span={{ base: 12, lg: 6 }}>
              <Chart
                {...shared}
                title={strings.training.agreement}
                lines={agreementLines}
                scale="linear"
                maximum={1}
                formatY={formatShare}
                formatTick={formatShortPercent}
                hasZoomButtons={false}
                controls={<ModeChoice />}
              />
            </Grid.Col>
          </Grid>
          {withoutCurve.length > 0 && (
            <Text size="xs" c="dimmed">
              {text.noCurve(formatList(withoutCurve))}
            </Text>
          )}
        </>
      )}
    </Panel>
  )
}

function Controls({ isLoading }: { readonly isLoading: boolean }) {
  const axis = useCompare((state) => state.axis)
  return (
    <Group gap="sm">
      {isLoading && <Loader size="xs" role="status" aria-label={strings.training.loadingCurves} />}
      <SegmentedControl
        size="xs"
        aria-label={text.axis}
        data={[
          { value: 'step', label: text.step },
          { value: 'tokens', label: text.tokens },
        ]}
        value={axis}
        onChange={(value) => useCompare.setState({ axis: value })}
      />
    </Group>
  )
}

function ModeChoice() {
  const mode = useCompare((state) => state.mode)
  return (
    <SegmentedControl
      size="xs"
      aria-label={text.agreementMode}
      data={[
        { value: 'trie', label: strings.training.trie },
        { value: 'free', label: strings.training.free },
      ]}
      value={mode}
      onChange={(value) => useCompare.setState({ mode: value })}
    />
  )
}

function renewHistories(): void {
  void queryClient.invalidateQueries({ queryKey: queries.runs.history.key() })
}
