import type { Progress, RunPhase } from '../../contract/index.ts'
import { createRateMeter } from './rate-meter.ts'

/** Follows how far a job is, and how fast it has been lately. */
export interface ProgressMeter {
  readonly progress: Progress
  /** A phase begins. */
  begin(phase: RunPhase): void
  /** So many tokens of the phase are done. */
  update(done: number, total: number): void
}

/** A meter at the beginning of a job. `now` is in milliseconds. */
export function createProgressMeter(now: () => number): ProgressMeter {
  let phase: RunPhase = 'check'
  let done = 0
  let total = 0
  let meter = createRateMeter(now)
  return {
    get progress() {
      return { phase, done, total, rate: meter.rate, secondsLeft: meter.secondsLeft }
    },
    begin: (next) => {
      phase = next
      done = 0
      total = 0
      meter = createRateMeter(now)
    },
    update: (nowDone, nowTotal) => {
      done = nowDone
      total = nowTotal
      meter.update(done, total)
    },
  }
}
