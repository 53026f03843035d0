import { describe, expect, it } from 'vitest'
import { heatmapRows } from './heatmap-rows.ts'

const heatmap = (...specifications: string[]) => {
  const sizes: Record<string, number> = { ascii: 99, bytes: 258, 'auto:64': 60, 'auto:128': 60, auto: 60 }
  return {
    ks: [1, 2],
    alphabets: specifications.map((specification) => ({ specification, size: sizes[specification]! })),
    covered: specifications.map((specification) => [0, sizes[specification]! / 1000]),
  }
}
const order = (...specifications: string[]) =>
  heatmapRows(heatmap(...specifications)).map(({ specification }) => specification)

describe('the rows of the heatmap', () => {
  it('go from small to large alphabets, and keep their own shares', () => {
    expect(heatmapRows(heatmap('bytes', 'auto', 'ascii'))).toEqual([
      { specification: 'auto', size: 60, covered: [0, 0.06] },
      { specification: 'ascii', size: 99, covered: [0, 0.099] },
      { specification: 'bytes', size: 258, covered: [0, 0.258] },
    ])
  })

  it('stay in their places whichever is chosen, that is, comes first', () => {
    const expected = ['auto', 'auto:64', 'auto:128', 'ascii', 'bytes']
    expect(order('ascii', 'bytes', 'auto:64', 'auto:128', 'auto')).toEqual(expected)
    expect(order('auto:128', 'bytes', 'ascii', 'auto:64', 'auto')).toEqual(expected)
  })
})
