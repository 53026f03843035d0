import type { RunEvent } from '../../contract/index.ts'
import type { ConversionSettings } from '../../conversion/settings.ts'
import { startJob, type ActiveJob, type JobEnd, type JobEnvironment } from './active-job.ts'
import { openStoredJobs, type Job } from './stored-jobs.ts'

/** For changes that nobody waits for: they hold in memory at least. */
const report = (error: unknown) => console.error(error)

/** The conversions of this engine: one runs, others wait, in the order of asking. */
export interface JobQueue {
  readonly jobs: readonly Job[]
  readonly active: ActiveJob | null
  /** Whether one runs or waits. */
  readonly isBusy: boolean
  isWaiting(folder: string): boolean
  /**
   * Puts a conversion at the end of the queue, where it isn't there already.
   *
   * @param finishEarly whether to finish it with the weights of its checkpoint
   * @throws SpellmError 'disk-full' | 'permission-denied', with the queue as it was
   */
  add(
    folder: string,
    settings: ConversionSettings,
    options?: { readonly finishEarly: boolean },
  ): Promise<void>
  /** Takes a waiting conversion out of the queue, or asks the one that runs to stop. */
  pause(folder: string): Promise<void>
  /** Takes it out of everything; resolves when nothing works on its folder any more. */
  forget(folder: string): Promise<void>
  /** Stops for good: what runs saves a checkpoint, and what runs or waits is interrupted in the next process. */
  close(): Promise<void>
}

export interface QueueListeners {
  readonly onEvent: (folder: string, event: RunEvent) => void
  readonly onChange: (folder: string) => void
}

/** Opens the queue that the JSON file `path` keeps. Nothing in it starts by itself. */
export async function openJobQueue(
  path: string,
  environment: JobEnvironment,
  { onEvent, onChange }: QueueListeners,
): Promise<JobQueue> {
  const stored = await openStoredJobs(path, onChange)
  const waiting = createWaitingList()
  let active: ActiveJob | null = null
  /** Resolves when the job that is active now has ended and the queue knows it. */
  let ended: Promise<void> = Promise.resolve()
  let isClosing = false

  const startNext = () => {
    if (active || isClosing) return
    const next = waiting.next()
    const job = next && stored.find(next.folder)
    if (!job) return
    active = startJob(job.folder, job.settings, environment, {
      onEvent: (event) => onEvent(job.folder, event),
      onChange: () => onChange(job.folder),
      onPlan: (steps) => void stored.change(job.folder, { steps }).catch(report),
    })
    if (next.finishesEarly) active.finishEarly()
    onChange(job.folder)
    ended = active.end.then(async (end) => {
      active = null
      await keep(job.folder, end).catch(report)
      onChange(job.folder)
      startNext()
    })
  }
  /** Keeps how a job ended. */
  const keep = (folder: string, end: JobEnd): Promise<void> => {
    if (end.kind !== 'stopped') waiting.remove(folder)
    if (end.kind === 'finished') return stored.write(folder, null)
    if (end.kind === 'failed') return stored.change(folder, { status: 'failed', problem: end.problem })
    return isClosing || waiting.has(folder) ? Promise.resolve() : stored.change(folder, { status: 'paused' })
  }

  return {
    get jobs() {
      return stored.jobs
    },
    get active() {
      return active
    },
    get isBusy() {
      return active !== null || !waiting.isEmpty
    },
    isWaiting: waiting.has,
    add: async (folder, settings, { finishEarly } = { finishEarly: false }) => {
      const before = stored.find(folder) ?? null
      waiting.add(folder, finishEarly)
      await stored.activate(folder, settings).catch(async (error: unknown) => {
        waiting.remove(folder)
        await stored.write(folder, before).catch(report)
        throw error
      })
      startNext()
    },
    pause: async (folder) => {
      if (waiting.has(folder)) {
        waiting.remove(folder)
        await stored.change(folder, { status: 'paused' })
      }
      if (active?.folder === folder) active.stop()
      onChange(folder)
    },
    forget: async (folder) => {
      waiting.remove(folder)
      if (active?.folder === folder) {
        active.stop()
        await ended
      }
      await stored.write(folder, null)
    },
    close: async () => {
      isClosing = true
      active?.stop()
      await ended
    },
  }
}

/** The folders that wait, in the order of asking, and which of them are to be finished with the weights so far. */
function createWaitingList() {
  const waiting = new Map<string, { readonly folder: string; readonly finishesEarly: boolean }>()
  return {
    get isEmpty() {
      return waiting.size === 0
    },
    has: (folder: string) => waiting.has(folder),
    /** One that waits already keeps its place. */
    add: (folder: string, finishesEarly: boolean) => {
      waiting.set(folder, {
        folder,
        finishesEarly: finishesEarly || waiting.get(folder)?.finishesEarly === true,
      })
    },
    remove: (folder: string) => void waiting.delete(folder),
    /** Takes the first one out. */
    next: () => {
      const [first] = waiting.values()
      if (first) waiting.delete(first.folder)
      return first
    },
  }
}
