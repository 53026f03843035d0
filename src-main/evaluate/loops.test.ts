import { expect, it } from 'vitest'
import { loopPositions } from './loops.ts'

const run = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i)
const loops = (ids: readonly number[]) =>
  [...loopPositions(Int32Array.from(ids)).keys()].filter(
    (at) => loopPositions(Int32Array.from(ids))[at] === 1,
  )

it('finds what comes after 16 tokens that occurred before', () => {
  // 20 tokens, then the same again: from the 16th of them on.
  expect(loops([...run(0, 20), ...run(0, 20)])).toEqual([35, 36, 37, 38, 39])
  // A token over and over: the second run of 16 ends with the 17th.
  expect(loops(new Array<number>(18).fill(7))).toEqual([16, 17])
})

it('finds none in a text that says everything once, or up to 15 tokens again', () => {
  expect(loops(run(0, 100))).toEqual([])
  expect(loops([...run(0, 15), 99, ...run(0, 15), 98])).toEqual([])
  expect(loops([])).toEqual([])
})
