import { expect, it } from 'vitest'
import { chunksOfWindow } from './cache-window.ts'

const chunk = { positionsPerChunk: 5_000, positionBytes: 2_000 }

it('holds all where there is room', () => {
  expect(chunksOfWindow({ tokens: 100_000 }, chunk, 1e9)).toBeUndefined()
  expect(chunksOfWindow({ tokens: 100_000, windowTokens: 100_000 }, chunk, 0)).toBeUndefined()
})

it('has whole chunks of what a person wants, at least one', () => {
  expect(chunksOfWindow({ tokens: 100_000, windowTokens: 24_999 }, chunk, 1e12)).toBe(4)
  expect(chunksOfWindow({ tokens: 100_000, windowTokens: 1_000 }, chunk, 1e12)).toBe(1)
})

it('takes at most 16 GB and half of the disk, in parts of about the same size', () => {
  // 10,000,000 tokens are 2,000 chunks of 10 MB, of which 16 GB hold 1,454 with a tenth beside them.
  expect(chunksOfWindow({ tokens: 10_000_000 }, chunk, 1e15)).toBe(1_000)
  // 100,000 tokens are 20 chunks, of which half of 130 MB holds 5.
  expect(chunksOfWindow({ tokens: 100_000 }, chunk, 130e6)).toBe(5)
  expect(chunksOfWindow({ tokens: 100_000 }, chunk, 0)).toBe(1)
})
