import { Group, Modal, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconTable, IconZoomIn, IconZoomOut, IconZoomReset } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useStore } from 'zustand'
import { strings } from '../../strings/index.ts'
import { ToolButton } from '../tool-button.tsx'
import { ChartTable } from './chart-table.tsx'
import { Legend } from './legend.tsx'
import { PlotArea, type PlotAreaProps } from './plot-area.tsx'
import { zoomed, zoomFactor } from './zoom.ts'

/**
 * Lines over x with a legend that reads them at the cursor, zoom, and all of it as a table. Charts with the
 * same axis zoom and point together.
 */
export function Chart({
  controls,
  hasZoomButtons = true,
  ...plot
}: PlotAreaProps & {
  /** Beside the buttons. */
  readonly controls?: ReactNode
  /** False for charts next to another one that has them for all. */
  readonly hasZoomButtons?: boolean
}) {
  const { title, lines, axis, extent, changes, formatX, formatY, xName } = plot
  const [isTableOpen, table] = useDisclosure(false)
  return (
    <Stack gap={6} role="group" aria-label={title}>
      <Group justify="flex-end" align="center" gap="xs" wrap={controls === undefined ? 'nowrap' : 'wrap'}>
        <Text fw={600} size="sm" component="h2" mr="auto">
          {title}
        </Text>
        {controls}
        <Group gap={2} wrap="nowrap">
          {hasZoomButtons && <ZoomButtons axis={axis} extent={extent} />}
          <ToolButton label={strings.chart.showTable(title)} icon={IconTable} onClick={table.open} />
        </Group>
      </Group>
      <Legend lines={lines} axis={axis} changes={changes} formatY={formatY} />
      <PlotArea {...plot} />
      <Modal
        opened={isTableOpen}
        onClose={table.close}
        size="lg"
        title={strings.chart.tableTitle(title)}
        closeButtonProps={{ 'aria-label': strings.chart.close }}
      >
        <ChartTable
          lines={lines}
          range={axis.getState().range ?? extent()}
          xName={xName}
          formatX={formatX}
          formatY={formatY}
        />
      </Modal>
    </Stack>
  )
}

function ZoomButtons({ axis, extent }: Pick<PlotAreaProps, 'axis' | 'extent'>) {
  const range = useStore(axis, (state) => state.range)
  const zoom = (factor: number) => {
    const full = extent()
    const [from, to] = range ?? full
    axis.setState({ range: zoomed([from, to], full, factor, (from + to) / 2) })
  }
  return (
    <>
      <ToolButton label={strings.chart.zoomIn} icon={IconZoomIn} onClick={() => zoom(zoomFactor)} />
      <ToolButton
        label={strings.chart.zoomOut}
        icon={IconZoomOut}
        isDisabled={range === null}
        onClick={() => zoom(1 / zoomFactor)}
      />
      <ToolButton
        label={strings.chart.resetZoom}
        icon={IconZoomReset}
        isDisabled={range === null}
        onClick={() => axis.setState({ range: null })}
      />
    </>
  )
}
