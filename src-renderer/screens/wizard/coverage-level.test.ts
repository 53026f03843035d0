import { describe, expect, it } from 'vitest'
import { coverageLevel, levelStarts, shortCoverage } from './coverage-level.ts'

describe('the shade of a covered share', () => {
  it('begins exactly at its start', () => {
    for (const [level, start] of levelStarts.entries()) expect(coverageLevel(start)).toBe(level)
    expect(coverageLevel(0.8999)).toBe(coverageLevel(0.8))
    expect(coverageLevel(1)).toBe(levelStarts.length - 1)
  })
})

describe('a covered share in a cell', () => {
  it('has a decimal only where choices differ by less than a percent', () => {
    expect(shortCoverage(0)).toBe('0')
    expect(shortCoverage(0.876)).toBe('87')
    expect(shortCoverage(0.57)).toBe('57')
    expect(shortCoverage(0.9901)).toBe('99.0')
    expect(shortCoverage(0.9949)).toBe('99.4')
  })

  it('is 100 only when nothing is missing', () => {
    expect(shortCoverage(0.999999)).toBe('99.9')
    expect(shortCoverage(1)).toBe('100')
  })
})
