import { Grid, Group, Loader, MultiSelect, Paper, SimpleGrid, Text } from '@mantine/core'
import { memo, useCallback, useMemo, useState } from 'react'
import type { RunSummary } from '../../../src-main/contract/index.ts'
import { Chart } from '../../components/chart/chart.tsx'
import type { Line } from '../../components/chart/line.ts'
import type { PlotAreaProps } from '../../components/chart/plot-area.tsx'
import { createXAxis } from '../../components/chart/x-axis.ts'
import type { Range } from '../../components/chart/zoom.ts'
import { ErrorNotice } from '../../components/error-notice.tsx'
import type { ChangeSource } from '../../components/limited-rate.ts'
import { CurveControls } from '../../runs/curve-controls.tsx'
import { useCurvePreferences } from '../../runs/curve-preferences.ts'
import type { RunCurves } from '../../runs/run-curves.ts'
import { useSmoothedHistories, type SmoothedHistory } from '../../runs/use-histories.ts'
import { useSmoothedLoss } from '../../runs/use-smoothed-loss.ts'
import {
  formatCompact,
  formatCount,
  formatPercent,
  formatShortPercent,
  formatSignificant,
} from '../../strings/format.ts'
import { strings } from '../../strings/index.ts'

const text = strings.training
const largeHeight = 320
const smallHeight = 130
/** More lines can't be told apart. */
const maxOverlays = 5

const formatValue = (value: number) => formatSignificant(value, 4)
const formatShare = (value: number) => formatPercent(value)

/** Another run whose loss can be laid over this one's. */
export type ComparableRun = Pick<RunSummary, 'id' | 'status'>

/** What all charts of a run have in common. */
type SharedProps = Pick<PlotAreaProps, 'axis' | 'extent' | 'changes' | 'xName' | 'formatX'>

/** Loss, agreement and the smaller curves of a run, over the same steps. */
export const CurvesSection = memo(function CurvesSection({
  id,
  curves,
  learnsSampling,
  changes,
  others,
}: {
  readonly id: string
  /** Whether the run has a tail for sampling. */
  readonly learnsSampling: boolean
  readonly curves: RunCurves
  readonly changes: ChangeSource
  readonly others: readonly ComparableRun[]
}) {
  const { smoothing } = useCurvePreferences()
  const [axis] = useState(createXAxis)
  const [overlayIds, setOverlayIds] = useState<string[]>([])
  const overlays = useSmoothedHistories(
    overlayIds.flatMap((overlay) => others.find((other) => other.id === overlay) ?? []),
    smoothing,
  )
  const extent = useCallback((): Range => {
    const ends = [curves.step, curves.samplingStep, ...overlays.loaded.map(({ step }) => step)].map(
      (step) => step.at(-1) ?? 1,
    )
    return [1, Math.max(2, ...ends)]
  }, [curves, overlays.loaded])
  const shared = { axis, extent, changes, xName: text.step, formatX: formatCount }

  return (
    <>
      <Grid gap="md">
        <Grid.Col span={{ base: 12, lg: 8 }}>
          <Paper withBorder p="md" h="100%">
            <LossChart id={id} curves={curves} overlays={overlays.loaded} shared={shared} />
            <OverlayPicker
              others={others}
              chosen={overlayIds}
              isLoading={overlays.isLoading}
              onChange={setOverlayIds}
            />
            {overlays.error !== null && <ErrorNotice error={overlays.error} />}
          </Paper>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 4 }}>
          <Paper withBorder p="md" h="100%">
            <AgreementChart curves={curves} shared={shared} />
            <Text size="xs" c="dimmed" mt={6}>
              {text.noEvaluation}
            </Text>
          </Paper>
        </Grid.Col>
      </Grid>
      <SmallCharts curves={curves} learnsSampling={learnsSampling} shared={shared} />
    </>
  )
})

function LossChart({
  id,
  curves,
  overlays,
  shared,
}: {
  readonly id: string
  readonly curves: RunCurves
  /** Of other runs. */
  readonly overlays: readonly SmoothedHistory[]
  readonly shared: SharedProps
}) {
  const { smoothing, isLogarithmic } = useCurvePreferences()
  const smoothed = useSmoothedLoss(curves, shared.changes, smoothing)
  const lines = useMemo(
    (): Line[] => [
      ...(smoothing === 1
        ? []
        : [{ label: text.lossRaw, x: curves.step, y: curves.loss, color: 0, dash: 0, isFaint: true }]),
      {
        label: overlays.length > 0 ? id : smoothing === 1 ? text.lossLine : text.lossSmoothed,
        x: curves.step,
        y: smoothed,
        color: 0,
        dash: 0,
      },
      ...overlays.map(({ id: label, step, smoothedLoss }, index) => ({
        label,
        x: step,
        y: smoothedLoss,
        color: index + 1,
        dash: index + 1,
      })),
    ],
    [id, curves, smoothed, smoothing, overlays],
  )
  return (
    <Chart
      {...shared}
      title={text.loss}
      lines={lines}
      scale={isLogarithmic ? 'log' : 'linear'}
      height={largeHeight}
      formatY={formatValue}
      controls={<CurveControls />}
    />
  )
}

function AgreementChart({ curves, shared }: { readonly curves: RunCurves; readonly shared: SharedProps }) {
  const lines = useMemo(
    (): Line[] => [
      { label: text.trie, x: curves.evaluationStep, y: curves.trieAgreement, color: 0, dash: 0 },
      { label: text.free, x: curves.evaluationStep, y: curves.freeAgreement, color: 1, dash: 1 },
    ],
    [curves],
  )
  return (
    <Chart
      {...shared}
      title={text.agreement}
      lines={lines}
      scale="linear"
      maximum={1}
      height={largeHeight}
      formatY={formatShare}
      formatTick={formatShortPercent}
      hasZoomButtons={false}
    />
  )
}

/** What is looked at when something goes wrong: a chart for each, beside each other. */
function SmallCharts({
  curves,
  learnsSampling,
  shared,
}: {
  readonly curves: RunCurves
  readonly learnsSampling: boolean
  readonly shared: SharedProps
}) {
  const charts = useMemo(
    () =>
      [
        { title: text.learningRate, x: curves.step, y: curves.learningRate, format: formatValue },
        { title: text.gradientNorm, x: curves.step, y: curves.gradientNorm, format: formatValue },
        { title: text.speed, x: curves.step, y: curves.tokensPerSecond, format: formatCompact },
        ...(learnsSampling
          ? [{ title: text.divergence, x: curves.samplingStep, y: curves.divergence, format: formatValue }]
          : []),
      ].map(({ title, x, y, format }) => ({
        title,
        format,
        lines: [{ label: title, x, y, color: 0, dash: 0 }],
      })),
    [curves, learnsSampling],
  )
  return (
    <SimpleGrid cols={{ base: 1, md: charts.length }} spacing="md">
      {charts.map(({ title, lines, format }) => (
        <Paper key={title} withBorder p="md">
          <Chart
            {...shared}
            title={title}
            lines={lines}
            scale="linear"
            height={smallHeight}
            formatY={format}
            hasZoomButtons={false}
          />
        </Paper>
      ))}
    </SimpleGrid>
  )
}

function OverlayPicker({
  others,
  chosen,
  isLoading,
  onChange,
}: {
  readonly others: readonly ComparableRun[]
  readonly chosen: string[]
  readonly isLoading: boolean
  readonly onChange: (ids: string[]) => void
}) {
  const comparable = others.map(({ id }) => id)
  return (
    <Group gap="xs" mt="sm" wrap="nowrap">
      <Text size="xs" c="dimmed" style={{ flex: 'none' }}>
        {text.overlay}
      </Text>
      <MultiSelect
        size="xs"
        style={{ flex: 1 }}
        aria-label={text.overlay}
        data={comparable}
        value={chosen.filter((id) => comparable.includes(id))}
        onChange={onChange}
        maxValues={maxOverlays}
        placeholder={
          comparable.length === 0 ? text.overlayNothing : chosen.length === 0 ? text.overlayPlaceholder : ''
        }
        disabled={comparable.length === 0}
        searchable
        clearable
      />
      {isLoading && <Loader size="xs" role="status" aria-label={text.overlayLoading} />}
    </Group>
  )
}
