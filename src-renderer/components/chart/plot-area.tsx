import { Text, useMantineTheme } from '@mantine/core'
import 'uplot/dist/uPlot.min.css'
import { useEffect, useRef } from 'react'
import { useStore } from 'zustand'
import { strings } from '../../strings/index.ts'
import { limitRate, useChanges, type ChangeSource } from '../limited-rate.ts'
import './chart.css'
import type { Line } from './line.ts'
import { useChartColors } from './palette.ts'
import { createPlot, type PlotOptions } from './plot.ts'
import { nextPosition, valueAt } from './reading.ts'
import type { XAxis } from './x-axis.ts'
import { panned, zoomed, zoomFactor, type Range } from './zoom.ts'

export interface PlotAreaProps extends Omit<PlotOptions, 'colors' | 'fontFamily'> {
  readonly title: string
  readonly changes: ChangeSource
  /** Height in pixels; the width is that of the container. */
  readonly height: number
  readonly xName: string
}

/** Each key press moves the cursor by this share of what is shown. */
const cursorStride = 0.01
const panShare = 0.2
/** Growing lines are drawn this often at most. */
const redrawMilliseconds = 200
/** The description of growing lines for screen readers is renewed this often. */
const descriptionMilliseconds = 1_000

/**
 * The picture of a chart. To assistive technology it is a slider along x whose text is what the lines say
 * there; so every value can be reached by keyboard.
 */
export function PlotArea(props: PlotAreaProps) {
  const { title, lines, axis, extent, changes, scale, maximum, height } = props
  const { formatX, formatY, formatTick } = props
  const container = useRef<HTMLDivElement>(null)
  const colors = useChartColors()
  const { fontFamily } = useMantineTheme()

  useEffect(() => {
    const element = container.current!
    const plot = createPlot(element, {
      lines,
      axis,
      extent,
      scale,
      ...(maximum === undefined ? {} : { maximum }),
      formatX,
      formatY,
      ...(formatTick === undefined ? {} : { formatTick }),
      colors,
      fontFamily,
    })
    const redraw = limitRate(plot.redraw, redrawMilliseconds)
    let isInView = true
    const unsubscribe = changes.subscribe(() => {
      if (isInView) redraw.request()
    })
    const views = new IntersectionObserver((entries) => {
      isInView = entries.at(-1)!.isIntersecting
      if (isInView) redraw.request()
    })
    views.observe(element)
    const sizes = new ResizeObserver(() => plot.resize(element.clientWidth, height))
    sizes.observe(element)
    return () => {
      sizes.disconnect()
      views.disconnect()
      unsubscribe()
      redraw.cancel()
      plot.destroy()
    }
  }, [lines, axis, extent, changes, scale, maximum, height, formatX, formatY, formatTick, colors, fontFamily])

  useChanges(changes, descriptionMilliseconds)
  const cursor = useStore(axis, (state) => state.cursor)
  const [from, to] = extent()
  const position = cursor ?? to
  const isEmpty = lines.every(({ x }) => x.length === 0)
  return (
    <div className="chart-area" style={{ height }}>
      <div
        ref={container}
        className={isEmpty ? 'chart-plot chart-plot-empty' : 'chart-plot'}
        role="slider"
        tabIndex={0}
        aria-label={strings.chart.position(title)}
        aria-description={strings.chart.keys}
        aria-valuemin={from}
        aria-valuemax={to}
        aria-valuenow={position}
        aria-valuetext={describePosition(lines, position, props)}
        onKeyDown={(event) => {
          if (event.ctrlKey || event.metaKey || event.altKey) return
          if (moveByKey(event.key, event.shiftKey, lines, axis, extent())) event.preventDefault()
        }}
      />
      {isEmpty && (
        <Text className="chart-empty" size="sm" c="dimmed" aria-hidden>
          {strings.chart.noValues}
        </Text>
      )}
    </div>
  )
}

function describePosition(
  lines: readonly Line[],
  position: number,
  { xName, formatX, formatY }: Pick<PlotAreaProps, 'xName' | 'formatX' | 'formatY'>,
): string {
  const values = lines.flatMap((line) => {
    const value = valueAt(line, position)
    return value === null ? [] : [`${line.label} ${formatY(value)}`]
  })
  if (values.length === 0) return strings.chart.noValues
  return strings.chart.reading(xName, formatX(position), values)
}

/** Does what a key stands for; false if it stands for nothing. */
function moveByKey(
  key: string,
  isShifted: boolean,
  lines: readonly Line[],
  axis: XAxis,
  full: Range,
): boolean {
  const { range, cursor } = axis.getState()
  const shown = range ?? full
  const position = cursor ?? shown[1]
  const leading = lines.find(({ x }) => x.length > 0)
  const move = (direction: 1 | -1, strides: number) => {
    if (isShifted) {
      if (range) axis.setState({ range: panned(range, full, direction * panShare) })
    } else if (leading) {
      const stride = direction * strides * cursorStride * (shown[1] - shown[0])
      axis.setState({ cursor: nextPosition(leading, position, stride) })
    }
  }
  switch (key) {
    case 'ArrowLeft':
    case 'ArrowDown':
      move(-1, 1)
      return true
    case 'ArrowRight':
    case 'ArrowUp':
      move(1, 1)
      return true
    case 'PageDown':
      move(-1, 10)
      return true
    case 'PageUp':
      move(1, 10)
      return true
    case 'Home':
      axis.setState({ cursor: shown[0] })
      return true
    case 'End':
      axis.setState({ cursor: shown[1] })
      return true
    case '+':
    case '=':
      axis.setState({ range: zoomed(shown, full, zoomFactor, position) })
      return true
    case '-':
      axis.setState({ range: zoomed(shown, full, 1 / zoomFactor, position) })
      return true
    case '0':
    case 'Escape':
      axis.setState({ range: null, cursor: null })
      return true
    default:
      return false
  }
}
