/** What the browser noticed of the page's answers to a person. */
export interface Observation {
  /** Clicks and keys in all; null: this browser doesn't count them. */
  readonly interactions: number | null
  /** Milliseconds from input to the next frame, of the interactions that took more than 16. */
  readonly slowInteractions: readonly number[]
  /** Milliseconds of tasks of more than 50. */
  readonly longTasks: readonly number[]
}

declare global {
  interface Window {
    observation: { interactions: Map<number, number>; longTasks: number[] }
  }
}

/** Shorter ones the browser doesn't tell of. */
export const shortestToldMilliseconds = 16

/** Begins to observe. To be run in the page before its own scripts. */
export function observePage(): void {
  const interactions = new Map<number, number>()
  const longTasks: number[] = []
  // TypeScript's declarations don't know the threshold yet.
  const eventOptions = { type: 'event', durationThreshold: 16, buffered: true }
  window.observation = { interactions, longTasks }
  new PerformanceObserver((list) => {
    for (const { interactionId, duration } of list.getEntries() as PerformanceEventTiming[])
      // One press is several events: the slowest counts. Those that belong to none have 0.
      if (interactionId > 0)
        interactions.set(interactionId, Math.max(duration, interactions.get(interactionId) ?? 0))
  }).observe(eventOptions)
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longTasks.push(duration)
  }).observe({ type: 'longtask', buffered: true })
}

/** What has been observed so far. To be run in the page. */
export function readObservation(): Observation {
  const { interactions, longTasks } = window.observation
  return {
    interactions: 'interactionCount' in performance ? performance.interactionCount : null,
    slowInteractions: [...interactions.values()],
    longTasks,
  }
}
