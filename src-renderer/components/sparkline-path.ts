/**
 * The path of a line through values at equal distances, in the `d` of an SVG path; the lowest value at the
 * bottom, the highest at the top. A single value or equal ones make a flat line in the middle.
 *
 * @param values at least one
 * @param inset space kept free at each edge for the stroke, in the unit of `width` and `height`
 */
export function sparklinePath(
  values: readonly number[],
  { width, height, inset }: { readonly width: number; readonly height: number; readonly inset: number },
): string {
  const lowest = Math.min(...values)
  const range = Math.max(...values) - lowest
  const line = values.length === 1 ? [values[0]!, values[0]!] : values
  return line
    .map((value, index) => {
      const x = inset + (index / (line.length - 1)) * (width - 2 * inset)
      const height01 = range === 0 ? 0.5 : (value - lowest) / range
      const y = inset + (1 - height01) * (height - 2 * inset)
      return `${index === 0 ? 'M' : 'L'}${rounded(x)} ${rounded(y)}`
    })
    .join('')
}

const rounded = (coordinate: number): number => Math.round(coordinate * 10) / 10
