import { describe, expect, it } from 'vitest'
import { sparklinePath } from './sparkline-path.ts'

const box = { width: 102, height: 22, inset: 1 }

describe('the path of a sparkline', () => {
  it('goes from edge to edge, with the highest value at the top', () => {
    expect(sparklinePath([4, 2, 3], box)).toBe('M1 1L51 21L101 11')
  })

  it('is flat in the middle where nothing changes', () => {
    expect(sparklinePath([3, 3], box)).toBe('M1 11L101 11')
  })

  it('draws a single value as a line, not as a point that nobody sees', () => {
    expect(sparklinePath([7], box)).toBe('M1 11L101 11')
  })
})
