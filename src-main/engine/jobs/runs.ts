import { basename, dirname } from 'node:path'
import type { OtherKind, RunChange, RunEvent, RunHistory, RunSummary } from '../../contract/index.ts'
import { keepsText } from '../../conversion/kept-text.ts'
import { createEventStream } from '../event-stream.ts'
import type { JobEnvironment } from './active-job.ts'
import { openJobQueue } from './job-queue.ts'
import { createKnownRuns } from './known-runs.ts'
import { otherKind } from './other-kind.ts'
import { createRunActions, type RunActions } from './run-actions.ts'
import { runEvents, type Happening, type Since } from './run-events.ts'
import { runHistory } from './run-record.ts'

/** The runs of the runs folder, also those that the command line made there. */
export interface Runs extends RunActions {
  list(): Promise<RunSummary[]>
  /** Throws SpellmError 'file-not-found' for an id that no run has; so do the others. */
  get(id: string): Promise<RunSummary>
  /** What another kind of alphabet measured on the same model, or whether the run's text is there to try one. */
  otherKind(id: string): Promise<OtherKind>
  history(id: string): Promise<RunHistory>
  events(id: string, since: Since, signal: AbortSignal): AsyncGenerator<RunEvent>
  watch(signal: AbortSignal): AsyncGenerator<RunChange>
  /** Whether a run is running or queued. */
  readonly isBusy: boolean
  close(): Promise<void>
}

/** Milliseconds between two messages about changes. */
const changeInterval = 250

/**
 * Opens the runs.
 *
 * @param queueFile keeps the queue
 * @param runsFolder where runs are at the moment
 */
export async function openRuns(
  queueFile: string,
  runsFolder: () => string,
  environment: JobEnvironment,
): Promise<Runs> {
  const changes = createEventStream<string>()
  const happenings = createEventStream<Happening>()
  const onChange = (folder: string) => changes.publish(folder)
  const queue = await openJobQueue(queueFile, environment, {
    onEvent: (folder, event) => happenings.publish({ folder, event }),
    onChange,
  })
  const known = createKnownRuns(runsFolder, queue)

  return {
    ...createRunActions(runsFolder, queue, known, onChange),
    list: () => known.list(),
    get: (id) => known.get(id),
    otherKind: async (id) => {
      const { folder } = await known.get(id)
      const run = await known.stored(folder)
      if (!run) return { measured: null, offer: null }
      return otherKind(run, await known.allStored(), {
        isOffered:
          (await keepsText(folder)) && !queue.jobs.some(({ settings }) => settings.textOf === folder),
      })
    },
    history: async (id) => {
      const { folder } = await known.get(id)
      const { record, log } = await known.recorded(folder)
      return runHistory(record, log)
    },
    events: async function* (id, since, signal) {
      const { folder } = await known.get(id)
      const past = await known.recorded(folder)
      yield* runEvents(folder, past, happenings.listen(signal), since)
    },
    watch: async function* (signal) {
      const listener = changes.listen(signal)
      while (!signal.aborted)
        for (const folder of new Set(await listener.take(changeInterval))) {
          if (dirname(folder) !== runsFolder()) continue
          const run = await known.find(folder)
          yield run ? { type: 'changed', run } : { type: 'removed', id: basename(folder) }
        }
    },
    get isBusy() {
      return queue.isBusy
    },
    close: () => queue.close(),
  }
}
