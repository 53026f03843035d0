import { Group, Text } from '@mantine/core'
import type { ModeCost } from '../../../src-main/contract/index.ts'
import { useChartColors } from '../../components/chart/palette.ts'
import { formatList } from '../../strings/format.ts'
import { strings } from '../../strings/index.ts'
import './cost-bars.css'

const text = strings.benchmark
const parts = ['trunk', 'tail', 'search', 'head'] as const

/** A bar for each mode, of its parts, all on the same scale. */
export function CostBars({ costs }: { readonly costs: readonly ModeCost[] }) {
  const { lines } = useChartColors()
  const longest = Math.max(...costs.map(({ milliseconds }) => milliseconds))
  return (
    <div>
      <Group gap="md" mb={6}>
        {parts.map((part, i) => (
          <Group key={part} gap={6}>
            <span className="cost-swatch" data-part={part} style={{ backgroundColor: lines[i] }} />
            <Text size="xs">{text.parts[part]}</Text>
          </Group>
        ))}
      </Group>
      <ul className="cost-bars" aria-label={text.bars}>
        {costs.map((cost) => (
          <li key={cost.mode}>
            <Text size="xs" component="span">
              {strings.console.modes[cost.mode]}
            </Text>
            <div
              className="cost-bar"
              role="img"
              aria-label={text.barSummary(
                strings.console.modes[cost.mode],
                cost.milliseconds,
                formatList(
                  parts
                    .filter((part) => cost[part] > 0)
                    .map((part) => text.barPart(text.parts[part], cost[part])),
                ),
              )}
            >
              {/* A difference of two times can be below 0. */}
              {parts.map((part, i) => (
                <span
                  key={part}
                  data-part={part}
                  style={{
                    inlineSize: `${(100 * Math.max(0, cost[part])) / longest}%`,
                    backgroundColor: lines[i],
                  }}
                />
              ))}
            </div>
            <Text size="xs" component="span" ta="right" className="fact-value">
              {text.time(cost.milliseconds)}
            </Text>
          </li>
        ))}
      </ul>
    </div>
  )
}
