import { setTimeout } from 'node:timers/promises'

/** Tells what happens to all who listen at that moment. */
export interface EventStream<T> {
  publish(item: T): void
  /** Listens from now on, until the signal fires. */
  listen(signal: AbortSignal): Listener<T>
}

/** Keeps what somebody who listens hasn't taken yet. */
export interface Listener<T> {
  /**
   * Waits until at least `interval` milliseconds have passed since the last time and there is something to take.
   *
   * @returns everything since the last time, oldest first; nothing when the signal has fired
   */
  take(interval: number): Promise<T[]>
}

/** An event stream without listeners. */
export function createEventStream<T>(): EventStream<T> {
  const listeners = new Set<(item: T) => void>()
  return {
    publish: (item) => {
      for (const listener of listeners) listener(item)
    },
    listen: (signal) => {
      const waiting: T[] = []
      let wake: (() => void) | null = null
      let lastTaken = -Infinity
      const isOver = () => signal.aborted
      const hear = (item: T) => {
        waiting.push(item)
        wake?.()
      }
      const end = () => {
        listeners.delete(hear)
        wake?.()
      }
      listeners.add(hear)
      if (isOver()) end()
      else signal.addEventListener('abort', end, { once: true })
      return {
        take: async (interval) => {
          const early = lastTaken + interval - performance.now()
          // It rejects when the signal fires, and then there is nothing to wait for.
          if (early > 0) await setTimeout(early, undefined, { signal }).catch(() => undefined)
          if (waiting.length === 0 && !isOver()) await new Promise<void>((resolve) => (wake = resolve))
          if (isOver()) return []
          lastTaken = performance.now()
          return waiting.splice(0)
        },
      }
    },
  }
}
