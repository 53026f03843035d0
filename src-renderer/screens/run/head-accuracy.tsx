import { Text } from '@mantine/core'
import { memo } from 'react'
import { Panel } from '../../components/panel.tsx'
import { useChanges, type ChangeSource } from '../../components/limited-rate.ts'
import { useChartColors } from '../../components/chart/palette.ts'
import type { RunCurves } from '../../runs/run-curves.ts'
import { formatPercent } from '../../strings/format.ts'
import { strings } from '../../strings/index.ts'
import './head-accuracy.css'
import { sparkPath } from './spark-path.ts'

const text = strings.training
const redrawMilliseconds = 500
const width = 112
const height = 34

/** How well each head does, as small multiples on the same scale from 0 to 100 %. */
export const HeadAccuracy = memo(function HeadAccuracy({
  curves,
  changes,
}: {
  readonly curves: RunCurves
  readonly changes: ChangeSource
}) {
  useChanges(changes, redrawMilliseconds)
  const { headStep, headAccuracy } = curves
  return (
    <Panel title={text.heads} explanation={text.headsExplanation}>
      {headStep.length === 0 ? (
        <Text size="sm" c="dimmed">
          {text.noSteps}
        </Text>
      ) : (
        <ol className="head-charts">
          {headAccuracy.map((accuracy, head) => (
            <HeadChart key={head} head={head + 1} steps={headStep} accuracy={accuracy} />
          ))}
        </ol>
      )}
    </Panel>
  )
})

function HeadChart({
  head,
  steps,
  accuracy,
}: {
  readonly head: number
  readonly steps: readonly number[]
  readonly accuracy: readonly number[]
}) {
  const { lines, grid } = useChartColors()
  const latest = accuracy.at(-1)!
  return (
    <li className="head-chart">
      <div className="head-chart-title">
        <Text span size="xs" c="dimmed">
          {text.head(head)}
        </Text>
        <Text span size="xs" fw={600} className="fact-value">
          {formatPercent(latest)}
        </Text>
      </div>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={text.headSummary(head, latest, accuracy[0]!)}
      >
        {[0.5, height / 2, height - 0.5].map((y) => (
          <line key={y} x1={0} x2={width} y1={y} y2={y} stroke={grid} vectorEffect="non-scaling-stroke" />
        ))}
        <path
          d={sparkPath(steps, accuracy, width, height)}
          fill="none"
          stroke={lines[0]}
          strokeWidth={1.5}
          vectorEffect="non-scaling-stroke"
        />
      </svg>
    </li>
  )
}
