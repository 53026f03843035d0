import { describe, expect, it } from 'vitest'
import { chartColors, dashPatterns } from './palette.ts'

/** Relative luminance of '#rrggbb' (WCAG 2.2). */
function luminance(color: string): number {
  const [red, green, blue] = [1, 3, 5]
    .map((start) => parseInt(color.slice(start, start + 2), 16) / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!
}

function contrast(a: string, b: string): number {
  const [dark, bright] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (bright! + 0.05) / (dark! + 0.05)
}

describe.each(['light', 'dark'] as const)('the colours of charts, %s', (scheme) => {
  const { lines, background, text } = chartColors[scheme]

  it('stand out from the background: 3 : 1 for lines, 4.5 : 1 for text', () => {
    for (const line of lines) expect(contrast(line, background)).toBeGreaterThan(3)
    expect(contrast(text, background)).toBeGreaterThan(4.5)
  })

  it('never repeat where the dash pattern repeats', () => {
    expect(new Set(lines).size).toBe(lines.length)
    expect(dashPatterns.length).toBe(lines.length)
  })
})
