import type { LogLine, RunEvent, StepPoint } from '../../contract/index.ts'
import type { Listener } from '../event-stream.ts'
import { stepsAfter, type RunRecord } from './run-record.ts'

/** Something that happened in the run of a folder. */
export interface Happening {
  readonly folder: string
  readonly event: RunEvent
}

/** What somebody has heard of a run already. */
export interface Since {
  readonly afterStep: number
  /** The time of the last line of the log; absent: only new lines are reported. */
  readonly afterLog?: string | undefined
}

/** Milliseconds between two messages. */
const interval = 100
const pointsInMessage = 5_000

/**
 * What happened in a run since, and what happens from now on: each step once. Ends when the listener's signal
 * fires.
 *
 * @param past what is recorded up to the moment at which `listener` began to listen
 */
export async function* runEvents(
  folder: string,
  past: { readonly record: RunRecord; readonly log: readonly LogLine[] },
  listener: Listener<Happening>,
  { afterStep, afterLog }: Since,
): AsyncGenerator<RunEvent> {
  // All of it before the first pause, since the record keeps growing.
  const steps = stepsAfter(past.record, afterStep)
  const others: RunEvent[] = [
    ...past.record.evaluations.map((point) => ({ type: 'evaluation', point }) as const),
    ...past.record.samples.map((point) => ({ type: 'sample', point }) as const),
  ].filter(({ point }) => point.step >= afterStep)
  // Those of the tail for sampling come after all others, so whoever has heard of some hears of them again.
  const samplingSteps = past.record.samplingSteps.filter(({ step }) => step > afterStep)
  if (samplingSteps.length > 0) others.push({ type: 'samplingSteps', points: samplingSteps })
  const lines = afterLog === undefined ? [] : past.log.filter(({ at }) => at > afterLog)
  let lastStep = steps.at(-1)?.step ?? afterStep

  yield* stepMessages(steps)
  yield* others
  for (const line of lines) yield { type: 'log', line }

  for (let news = await listener.take(interval); news.length > 0; news = await listener.take(interval)) {
    const points: StepPoint[] = []
    const others: RunEvent[] = []
    for (const { folder: origin, event } of news) {
      if (origin !== folder) continue
      if (event.type !== 'steps') {
        others.push(event)
        continue
      }
      for (const point of event.points)
        if (point.step > lastStep) {
          points.push(point)
          lastStep = point.step
        }
    }
    yield* stepMessages(points)
    yield* others
  }
}

function* stepMessages(points: readonly StepPoint[]): Generator<RunEvent> {
  for (let start = 0; start < points.length; start += pointsInMessage)
    yield { type: 'steps', points: points.slice(start, start + pointsInMessage) }
}
