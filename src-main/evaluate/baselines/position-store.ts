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

function joined(windows: readonly ReadWindow[]): BaselinePositions {
  const integers = (of: (window: ReadWindow, index: number) => ArrayLike<number>) =>
    Int32Array.from(windows.flatMap((window, index) => Array.from(of(window, index))))
  const ids = integers((window) => window.ids)
  const states = windows.map(({ reading }) => reading.hidden)
  const hidden = new Float32Array(states.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const own of states) {
    hidden.set(own, at)
    at += own.length
  }
  return {
    count: ids.length,
    ids,
    windows: integers((window, index) => new Int32Array(window.ids.length).fill(index)),
    hidden,
    choices: integers(({ reading }) => reading.choices),
    isLoop: Uint8Array.from(windows.flatMap((window) => Array.from(loopPositions(window.ids)))),
  }
}
