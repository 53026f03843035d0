import { Grid, Group, Loader, MultiSelect, Paper, SimpleGrid, Text } from '@mantine/core'
import { memo, useCallback, useMemo, useState } from 'react'
import type { RunSummary } from '../../../src-main/contract/index.ts'
import { Chart } from '../../components/chart/chart.tsx'
import type { Line } from '../../components/chart/line.ts'
import { createXAxis } from '../../components/chart/x-axis.ts'
import type { Range } from '../../components/chart/zoom.ts'
import { ErrorNotice } from '../../components/error-notice.tsx'
import type { ChangeSource } from '../../components/limited-rate.ts'
import { CurveControls } from '../../runs/curve-controls.tsx'
import { useCurvePreferences } from '../../runs/curve-preferences.ts'
import type { RunCurves } from '../../runs/run-curves.ts'
import { useSmoothedHistories } from '../../runs/use-histories.ts'
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
  const { smoothing, isLogarithmic } = useCurvePreferences()
  const [axis] = useState(createXAxis)
  const [overlayIds, setOverlayIds] = useState<string[]>([])
  const overlays = useSmoothedHistories(
    overlayIds.flatMap((overlay) => others.find((other) => other.id === overlay) ?? []),
    smoothing,
  )
  const smoothed = useSmoothedLoss(curves, changes, smoothing)

  const extent = useCallback((): Range => {
    const ends = [curves.step, curves.samplingStep, ...overlays.loaded.map(({ step }) => step)].map(
      (step) => step.at(-1) ?? 1,
    )
    return [1, Math.max(2, ...ends)]
  }, [curves, overlays.loaded])

  const lossLines = useMemo(
    (): Line[] => [
      ...(smoothing === 1
        ? []
        : [{ label: text.lossRaw, x: curves.step, y: curves.loss, color: 0, dash: 0, isFaint: true }]),
      {
        label: overlays.loaded.length > 0 ? id : smoothing === 1 ? text.lossLine : text.lossSmoothed,
        x: curves.step,
        y: smoothed,
        color: 0,
        dash: 0,
      },
      ...overlays.loaded.map(({ id: label, step, smoothedLoss }, index) => ({
        label,
        x: step,
        y: smoothedLoss,
        color: index + 1,
        dash: index + 1,
      })),
    ],
    [id, curves, smoothed, smoothing, overlays.loaded],
  )
  const agreementLines = useMemo(
    (): Line[] => [
      { label: text.trie, x: curves.evaluationStep, y: curves.trieAgreement, color: 0, dash: 0 },
      { label: text.free, x: curves.evaluationStep, y: curves.freeAgreement, color: 1, dash: 1 },
    ],
    [curves],
  )
  const smallCharts = useMemo(
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
  const shared = { axis, extent, changes, xName: text.step, formatX: formatCount }

  return (
    <>
      <Grid gap="md">
        <Grid.Col span={{ base: 12, lg: 8 }}>
          <Paper withBorder p="md" h="100%">
            <Chart
              {...shared}
              title={text.loss}
              lines={lossLines}
              scale={isLogarithmic ? 'log' : 'linear'}
              height={largeHeight}
              formatY={formatValue}
              controls={<CurveControls />}
            />
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
            <Chart
              {...shared}
              title={text.agreement}
              lines={agreementLines}
              scale="linear"
              maximum={1}
              height={largeHeight}
              formatY={formatShare}
              formatTick={formatShortPercent}
              hasZoomButtons={false}
            />
            <Text size="xs" c="dimmed" mt={6}>
              {text.noEvaluation}
            </Text>
          </Paper>
        </Grid.Col>
      </Grid>
      <SimpleGrid cols={{ base: 1, md: smallCharts.length }} spacing="md">
        {smallCharts.map(({ title, lines, format }) => (
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
    </>
  )
})

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
