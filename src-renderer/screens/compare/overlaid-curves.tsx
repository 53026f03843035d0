import { Grid, Group, Loader, SegmentedControl, Text } from '@mantine/core'
import { useCallback, useMemo } from 'react'
import type { RunSummary } from '../../../src-main/contract/index.ts'
import { Chart } from '../../components/chart/chart.tsx'
import { createXAxis } from '../../components/chart/x-axis.ts'
import type { Range } from '../../components/chart/zoom.ts'
import { ErrorNotice } from '../../components/error-notice.tsx'
import { Panel } from '../../components/panel.tsx'
import { queries, queryClient } from '../../connection/engine.ts'
import { CurveControls } from '../../runs/curve-controls.tsx'
import { useCurvePreferences } from '../../runs/curve-preferences.ts'
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
import { useOverlaidLines } from './use-overlaid-lines.ts'

const text = strings.compare
const chartHeight = 320
const formatLoss = (value: number) => formatSignificant(value)
const formatShare = (value: number) => formatPercent(value)

/** Loss and agreement of several runs, over steps or tokens. The one that trains continues while it is looked at. */
export function OverlaidCurves({ runs }: { readonly runs: readonly RunSummary[] }) {
  const axis = useCompare((state) => state.axis)
  const { isLogarithmic } = useCurvePreferences()
  const { lossLines, agreementLines, withoutCurve, live, isLoading, error } = useOverlaidLines(runs)
  const xAxis = useMemo(createXAxis, [axis])
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
