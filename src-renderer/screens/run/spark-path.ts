import { decimate } from '../../components/chart/decimation.ts'

/**
 * Shares over steps as the path of an SVG that spans the whole range of steps, and 0 to 1 from bottom to top.
 *
 * @returns '' for an empty column; a dash through the width for a single value
 */
export function sparkPath(
  steps: readonly number[],
  shares: readonly number[],
  width: number,
  height: number,
): string {
  const [from, to] = [steps[0] ?? 0, steps.at(-1) ?? 0]
  const points = decimate(steps, shares, from, to, width / 2)
  const y = (share: number) => ((1 - share) * height).toFixed(1)
  if (points.x.length === 1) return `M0,${y(points.y[0]!)}H${width}`
  return points.x
    .map((step, index) => {
      const x = (((step - from) / (to - from)) * width).toFixed(1)
      return `${index === 0 ? 'M' : 'L'}${x},${y(points.y[index]!)}`
    })
    .join('')
}
