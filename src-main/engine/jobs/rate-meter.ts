/** How fast something has been done lately. What was done before the first update doesn't count. */
export interface RateMeter {
  /** Per second; null before it is known. */
  readonly rate: number | null
  /** null before it is known. */
  readonly secondsLeft: number | null
  /** So much is done. */
  update(done: number, total: number): void
}

/** The rate is that of this many milliseconds, so that it follows what happens to the machine. */
const remembered = 20_000

/** A meter that knows nothing yet. `now` is in milliseconds. */
export function createRateMeter(now: () => number): RateMeter {
  let left = 0
  let moments: { at: number; done: number }[] = []
  const rate = () => {
    const first = moments[0]
    const last = moments.at(-1)
    const seconds = first && last ? (last.at - first.at) / 1000 : 0
    return seconds > 0 ? Math.max(0, last!.done - first!.done) / seconds : null
  }
  return {
    get rate() {
      return rate()
    },
    get secondsLeft() {
      const present = rate()
      return present ? left / present : null
    },
    update: (done, total) => {
      left = total - done
      const at = now()
      moments.push({ at, done })
      const firstKept = moments.findIndex((moment) => moment.at >= at - remembered)
      moments = moments.slice(Math.min(firstKept, moments.length - 2))
    },
  }
}
