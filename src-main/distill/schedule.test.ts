import { describe, expect, it } from 'vitest'
import { totalSteps, trainingGroups, windowEnds, type BatchPlan } from './schedule.ts'

const plan: BatchPlan = { chunks: 20, positionsPerChunk: 12, batchTokens: 8, epochs: 3, seed: 5 }

/** The positions of all batches, as chunk · positionsPerChunk + position, in the order of training. */
const walk = (walked: BatchPlan) =>
  [...trainingGroups(walked)].flatMap((group) =>
    group.batches().map((batch) => ({
      epoch: group.epoch,
      positions: Array.from(
        batch,
        (at) =>
          group.chunks[Math.floor(at / plan.positionsPerChunk)]! * plan.positionsPerChunk +
          (at % plan.positionsPerChunk),
      ),
    })),
  )

describe('the order of training', () => {
  it('keeps together what stays together, and goes through all of it in each epoch, in another order', () => {
    const batches = walk({ ...plan, together: 4 })
    const runs = batches.map(({ epoch, positions }) => ({
      epoch,
      firsts: [0, 4].map((start) => {
        const [first = -1, ...others] = positions.slice(start, start + 4)
        expect(first % 4).toBe(0)
        expect(others).toEqual([first + 1, first + 2, first + 3])
        return first
      }),
    }))
    const orders = [0, 1, 2].map((epoch) =>
      runs.filter((run) => run.epoch === epoch).flatMap(({ firsts }) => firsts),
    )
    for (const order of orders)
      expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => 4 * i))
    expect(new Set(orders.map((order) => order.join())).size).toBe(3)
  })

  it('in a window that holds everything is that without windows', () => {
    expect(walk({ ...plan, chunksPerWindow: 20 })).toEqual(walk(plan))
    expect(walk({ ...plan, chunksPerWindow: 21 })).toEqual(walk(plan))
  })

  it('goes through all epochs of a window before the next one', () => {
    const streamed = { ...plan, chunksPerWindow: 6 }
    const batches = walk(streamed)
    const ends = windowEnds(streamed)
    // 6 chunks of 12 positions are 9 batches, the 2 chunks that remain are 3.
    expect(ends).toEqual([27, 54, 81, 90])
    expect(totalSteps(streamed)).toBe(90)
    expect(batches).toHaveLength(90)
    ends.forEach((end, window) => {
      const first = window * 6 * 12
      const size = Math.min(6, 20 - window * 6) * 12
      const own = batches.slice(ends[window - 1] ?? 0, end)
      const times = Array<number>(size).fill(0)
      for (const { positions } of own) for (const position of positions) times[position - first]!++
      expect(times).toEqual(Array<number>(size).fill(3))
    })
    // No epoch has the order of another.
    expect(new Set(batches.map(({ positions }) => positions.join())).size).toBe(90)
  })
})
