import type { Progress, RunPhase } from '../../contract/index.ts'

/** Follows how far a job is, and how fast it has been lately. */
export interface ProgressMeter {
  readonly progress: Progress
  /** A phase begins. */
  begin(phase: RunPhase): void
  /** So many tokens of the phase are done. */
  update(done: number, total: number): void
}

/** The rate is that of this many milliseconds, so that it follows what happens to the machine. */
const remembered = 20_000

/** A meter at the beginning of a job. `now` is in milliseconds. */
export function createProgressMeter(now: () => number): ProgressMeter {
  let phase: RunPhase = 'check'
  let done = 0
  let total = 0
  let moments: { at: number; done: number }[] = []
  return {
    get progress() {
      const first = moments[0]
      const last = moments.at(-1)
      const seconds = first && last ? (last.at - first.at) / 1000 : 0
      const rate = seconds > 0 ? (last!.done - first!.done) / seconds : null
      return { phase, done, total, rate, secondsLeft: rate ? (total - done) / rate : null }
    },
    begin: (next) => {
      phase = next
      done = 0
      total = 0
      moments = []
    },
    update: (nowDone, nowTotal) => {
      done = nowDone
      total = nowTotal
      const at = now()
      moments.push({ at, done })
      const firstKept = moments.findIndex((moment) => moment.at >= at - remembered)
      moments = moments.slice(Math.min(firstKept, moments.length - 2))
    },
  }
}
