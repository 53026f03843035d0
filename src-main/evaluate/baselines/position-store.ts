import { loopPositions } from '../loops.ts'
import type { ReadWindow } from '../read-windows.ts'
import type { BaselinePositions } from './baseline.ts'

/** Positions that are kept, at most: their states take memory. */
const mostPositions = 20_480

/** Keeps the first windows of a text for the baselines. */
export interface PositionStore {
  add(window: ReadWindow): void
  /** The first half of the windows, to choose from, and the second, to measure on; null: there is but one window. */
  halves(): { readonly first: BaselinePositions; readonly second: BaselinePositions } | null
}

/** A store without a window. */
export function createPositionStore(most = mostPositions): PositionStore {
  const kept: ReadWindow[] = []
  let count = 0
  return {
    add: (window) => {
      if (count >= most) return
      kept.push(window)
      count += window.ids.length
    },
    halves: () => {
      const middle = Math.floor(kept.length / 2)
      if (middle === 0) return null
      return { first: joined(kept.slice(0, middle)), second: joined(kept.slice(middle)) }
    },
  }
}

/** The positions that count, window after window. */
function joined(windows: readonly ReadWindow[]): BaselinePositions {
  const places = windows.flatMap(({ ids, isCounted }, window) => {
    const counted = Array.from(ids.keys()).filter((row) => isCounted?.[row] !== 0)
    return counted.map((row, i) => ({ window, row, from: i === 0 ? 0 : counted[i - 1]! + 1 }))
  })
  const isLoop = windows.map(({ ids }) => loopPositions(ids))
  const d = windows[0]!.reading.hidden.length / windows[0]!.ids.length
  const hidden = new Float32Array(places.length * d)
  for (const [at, { window, row }] of places.entries())
    hidden.set(windows[window]!.reading.hidden.subarray(row * d, (row + 1) * d), at * d)
  return {
    count: places.length,
    read: places.map(({ window, row, from }) => windows[window]!.ids.subarray(from, row + 1)),
    windows: Int32Array.from(places, ({ window }) => window),
    hidden,
    choices: Int32Array.from(places, ({ window, row }) => windows[window]!.reading.choices[row]!),
    isLoop: Uint8Array.from(places, ({ window, row }) => isLoop[window]![row]!),
  }
}
