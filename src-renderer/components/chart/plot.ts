import uPlot from 'uplot'
import { decimate } from './decimation.ts'
import type { Line } from './line.ts'
import { cycled, dashPatterns, type ChartColors } from './palette.ts'
import type { XAxis } from './x-axis.ts'
import { within, type Range } from './zoom.ts'

/** What a plot shows. Another one is made when any of this changes. */
export interface PlotOptions {
  readonly lines: readonly Line[]
  readonly axis: XAxis
  /** All of x that there is, now. */
  readonly extent: () => Range
  readonly scale: 'linear' | 'log'
  /** No value is larger, so the axis ends there. */
  readonly maximum?: number
  readonly formatX: (value: number) => string
  readonly formatY: (value: number) => string
  /** The numbers on the y axis, where they are shorter than what `formatY` makes of a value. */
  readonly formatTick?: (value: number) => string
  readonly colors: ChartColors
  readonly fontFamily: string
}

export interface Plot {
  /** Draws what the lines have become. */
  readonly redraw: () => void
  readonly resize: (width: number, height: number) => void
  readonly destroy: () => void
}

// The enum is declared only, so its member has no name at run time.
// eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment
const logarithmic = 3 as uPlot.Scale.Distr

/** The canvas of a chart: lines, axes, cursor, zoom by dragging. */
export function createPlot(container: HTMLElement, options: PlotOptions): Plot {
  const { axis, extent } = options
  const plot = new uPlot(uPlotOptions(options), [[], ...options.lines.map(() => [])], container)
  const { over } = plot
  let isPointerHere = false

  const shown = () => axis.getState().range ?? extent()

  function redraw(): void {
    const [min, max] = shown()
    plot.batch(() => {
      plot.setData(drawnData(options, [min, max], plot.over.clientWidth), false)
      plot.setScale('x', { min, max })
    })
    placeCursor()
  }

  function placeCursor(): void {
    if (isPointerHere) return
    const { cursor } = axis.getState()
    const left = cursor === null ? -1 : plot.valToPos(cursor, 'x')
    plot.setCursor({ left, top: left < 0 ? -1 : 0 }, false)
  }

  const onMove = (event: MouseEvent) => {
    isPointerHere = true
    axis.setState({ cursor: plot.posToVal(event.offsetX, 'x') })
  }
  const onLeave = () => {
    isPointerHere = false
    axis.setState({ cursor: null })
  }
  over.addEventListener('mousemove', onMove)
  over.addEventListener('mouseleave', onLeave)
  const unsubscribe = axis.subscribe((now, before) => {
    if (now.range !== before.range) redraw()
    else placeCursor()
  })

  return {
    redraw,
    resize: (width, height) => {
      plot.setSize({ width, height })
      redraw()
    },
    destroy: () => {
      unsubscribe()
      plot.destroy()
    },
  }
}

/** Distances of the marks on the x axis: steps and tokens are whole numbers. */
const wholeIncrements = Array.from({ length: 13 }, (_, power) =>
  [1, 2, 5].map((digit) => digit * 10 ** power),
).flat()

function drawnData({ lines, scale }: PlotOptions, [from, to]: Range, width: number): uPlot.AlignedData {
  if (lines.length === 0) return [[]]
  return uPlot.join(
    lines.map((line) => {
      const { x, y } = decimate(line.x, line.y, from, to, Math.max(1, width))
      return [x, scale === 'log' ? y.map((value) => (value > 0 ? value : null)) : y]
    }),
  )
}

/** The library's logarithmic marks begin with the end of the axis, whatever number that is: without it. */
function roundMarks(marks: (number | null)[]): (number | null)[] {
  const isRound = (mark: number) => {
    const digit = mark / 10 ** Math.floor(Math.log10(mark))
    return Math.abs(digit - Math.round(digit)) < 1e-6
  }
  const round = marks.map((mark) => (mark !== null && isRound(mark) ? mark : null))
  return round.some((mark) => mark !== null) ? round : marks
}

/** Close around the values; the library's own range extends to the next power of ten. */
function logRange(_: uPlot, min: number | null, max: number | null): uPlot.Range.MinMax {
  return min === null || max === null ? [null, null] : [min / 1.05, max * 1.05]
}

function uPlotOptions(options: PlotOptions): uPlot.Options {
  return {
    // The real size comes with the first `resize`.
    width: 100,
    height: 100,
    legend: { show: false },
    padding: [8, 30, 0, 0],
    scales: { x: { time: false, auto: false }, y: scaleOfY(options) },
    axes: axesOf(options),
    series: [{}, ...options.lines.map((line) => seriesOf(line, options.colors))],
    cursor: cursorOf(options),
    hooks: { setSelect: [(plot) => zoomToSelection(plot, options)] },
  }
}

function scaleOfY({ scale, maximum }: PlotOptions): uPlot.Scale {
  return scale === 'log'
    ? { distr: logarithmic, range: logRange }
    : {
        range: {
          min: { pad: 0.05, soft: 0, mode: 3 },
          max: { pad: 0.05, ...(maximum === undefined ? {} : { hard: maximum }) },
        },
      }
}

/** The axis of x below and that of y to the left, with their marks and grids. */
function axesOf({ scale, formatX, formatY, formatTick, colors, fontFamily }: PlotOptions): uPlot.Axis[] {
  const style = {
    stroke: colors.text,
    font: `12px ${fontFamily}`,
    grid: { stroke: colors.grid, width: 1 },
    ticks: { stroke: colors.grid, width: 1, size: 4 },
    gap: 4,
  }
  const labels = (format: (value: number) => string) => (_: uPlot, splits: (number | null)[]) =>
    splits.map((value) => (value === null ? '' : format(value)))
  const labelsY = labels(formatTick ?? formatY)
  return [
    { ...style, size: 26, space: 64, incrs: wholeIncrements, values: labels(formatX) },
    {
      ...style,
      size: 52,
      space: 26,
      values: scale === 'log' ? (plot, splits) => labelsY(plot, roundMarks(splits)) : labelsY,
    },
  ]
}

function seriesOf({ label, color, dash, isFaint }: Line, colors: ChartColors): uPlot.Series {
  return {
    label,
    stroke: cycled(colors.lines, color),
    width: isFaint ? 1 : 2,
    alpha: isFaint ? 0.35 : 1,
    dash: [...cycled(dashPatterns, dash)],
    // Lines have values at different x: between them they are to be drawn through.
    spanGaps: true,
    points: { fill: colors.background, ...(isFaint ? { show: false } : {}) },
  }
}

/** Points on the lines; dragging selects a range, a double click shows all of x again. */
function cursorOf({ lines, axis, colors }: PlotOptions): uPlot.Cursor {
  return {
    y: false,
    points: {
      size: 9,
      width: 2,
      stroke: (_, series) => cycled(colors.lines, lines[series - 1]?.color ?? 0),
      fill: colors.background,
    },
    hover: { skip: [null, undefined] },
    drag: { x: true, y: false, setScale: false, dist: 4 },
    bind: {
      dblclick: () => () => {
        axis.setState({ range: null })
        return null
      },
    },
  }
}

function zoomToSelection(plot: uPlot, { axis, extent }: PlotOptions): void {
  const { left, width } = plot.select
  if (width === 0) return
  const range = [plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')] as const
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
  axis.setState({ range: within(range, extent()) })
}
