import { z } from 'zod'
import { engineErrorSchema, type RunEvent } from '../../contract/index.ts'
import { openJsonStore } from '../state/json-store.ts'
import { conversionSettingsSchema, type ConversionSettings } from '../../conversion/settings.ts'
import { startJob, type ActiveJob, type JobEnvironment } from './active-job.ts'

const jobSchema = z.object({
  folder: z.string(),
  /** ISO 8601. */
  created: z.string(),
  settings: conversionSettingsSchema,
  /** active: it was running or queued when this was written, so in a new process it is interrupted. */
  status: z.enum(['active', 'paused', 'failed']),
  /** Total number of steps; null: not known yet. */
  steps: z.int().nullable(),
  /** Why it failed. */
  problem: engineErrorSchema.nullable(),
})

/** A conversion that was asked for and isn't finished; its run folder may not exist yet. */
export type Job = z.infer<typeof jobSchema>

const jobsSchema = z.object({ jobs: z.array(jobSchema) })

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
  const store = await openJsonStore(path, jobsSchema, { jobs: [] })
  let waiting: string[] = []
  const finishingEarly = new Set<string>()
  let active: ActiveJob | null = null
  /** Resolves when the job that is active now has ended and the queue knows it. */
  let ended: Promise<void> = Promise.resolve()
  let isClosing = false

  const find = (folder: string) => store.value.jobs.find((job) => job.folder === folder)
  const write = (folder: string, job: Job | null) => {
    const others = store.value.jobs.filter((other) => other.folder !== folder)
    const written = store.set({ jobs: job ? [...others, job] : others })
    onChange(folder)
    return written
  }
  const change = (folder: string, changes: Partial<Job>) => {
    const job = find(folder)
    return job ? write(folder, { ...job, ...changes }) : Promise.resolve()
  }
  /** For changes that nobody waits for: they hold in memory at least. */
  const report = (error: unknown) => console.error(error)
  const leaveQueue = (folder: string) => {
    waiting = waiting.filter((other) => other !== folder)
    finishingEarly.delete(folder)
  }

  const startNext = () => {
    if (active || isClosing) return
    const folder = waiting.shift()
    const job = folder === undefined ? undefined : find(folder)
    if (!job) return
    active = startJob(job.folder, job.settings, environment, {
      onEvent: (event) => onEvent(job.folder, event),
      onChange: () => onChange(job.folder),
      onPlan: (steps) => void change(job.folder, { steps }).catch(report),
    })
    if (finishingEarly.delete(job.folder)) active.finishEarly()
    onChange(job.folder)
    ended = active.end.then(async (end) => {
      active = null
      if (end.kind === 'finished') {
        leaveQueue(job.folder)
        await write(job.folder, null).catch(report)
      } else if (end.kind === 'failed') {
        leaveQueue(job.folder)
        await change(job.folder, { status: 'failed', problem: end.problem }).catch(report)
      } else if (!isClosing && !waiting.includes(job.folder))
        await change(job.folder, { status: 'paused' }).catch(report)
      onChange(job.folder)
      startNext()
    })
  }

  return {
    get jobs() {
      return store.value.jobs
    },
    get active() {
      return active
    },
    get isBusy() {
      return active !== null || waiting.length > 0
    },
    isWaiting: (folder) => waiting.includes(folder),
    add: async (folder, settings, { finishEarly } = { finishEarly: false }) => {
      const before = find(folder)
      const created = before?.created ?? new Date().toISOString()
      if (finishEarly) finishingEarly.add(folder)
      if (!waiting.includes(folder)) waiting.push(folder)
      try {
        await write(folder, {
          folder,
          created,
          settings,
          status: 'active',
          steps: before?.steps ?? null,
          problem: null,
        })
      } catch (error) {
        leaveQueue(folder)
        await write(folder, before ?? null).catch(report)
        throw error
      }
      startNext()
    },
    pause: async (folder) => {
      if (waiting.includes(folder)) {
        leaveQueue(folder)
        await change(folder, { status: 'paused' })
      }
      if (active?.folder === folder) active.stop()
      onChange(folder)
    },
    forget: async (folder) => {
      leaveQueue(folder)
      if (active?.folder === folder) {
        active.stop()
        await ended
      }
      await write(folder, null)
    },
    close: async () => {
      isClosing = true
      active?.stop()
      await ended
    },
  }
}
