import { useCallback, useMemo } from 'react'
import type { Benchmark } from '../../../src-main/contract/index.ts'
import { Chart } from '../../components/chart/chart.tsx'
import type { Line } from '../../components/chart/line.ts'
import { createXAxis } from '../../components/chart/x-axis.ts'
import type { Range } from '../../components/chart/zoom.ts'
import { neverChanges } from '../../components/limited-rate.ts'
import { formatCount, formatMilliseconds, formatSignificant } from '../../strings/format.ts'
import { strings } from '../../strings/index.ts'

const text = strings.benchmark
const height = 240
/** The title has the unit. */
const formatTick = (value: number) => formatSignificant(value, 3)

/** How the time of a token grows with the context, a line for each mode. */
export function TimeByContext({ contexts }: { readonly contexts: Benchmark['contexts'] }) {
  const axis = useMemo(createXAxis, [contexts])
  const lines = useMemo(
    () =>
      contexts[0]!.modes.map(({ mode }, i): Line => ({
        label: strings.console.modes[mode],
        x: contexts.map(({ context }) => context),
        y: contexts.map(({ modes }) => modes[i]!.milliseconds),
        color: i,
        dash: i,
      })),
    [contexts],
  )
  const extent = useCallback((): Range => [contexts[0]!.context, contexts.at(-1)!.context], [contexts])
  return (
    <Chart
      title={text.byContext}
      lines={lines}
      axis={axis}
      extent={extent}
      changes={neverChanges}
      scale="linear"
      height={height}
      xName={text.context}
      formatX={formatCount}
      formatY={formatMilliseconds}
      formatTick={formatTick}
    />
  )
}
