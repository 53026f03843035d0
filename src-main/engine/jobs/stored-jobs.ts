import { z } from 'zod'
import { engineErrorSchema } from '../../contract/index.ts'
import { conversionSettingsSchema, type ConversionSettings } from '../../conversion/settings.ts'
import { openJsonStore } from '../state/json-store.ts'

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

/** The jobs as a file keeps them, one for a folder. What is written holds in memory at once, and on disk when its promise resolves. */
export interface StoredJobs {
  readonly jobs: readonly Job[]
  find(folder: string): Job | undefined
  /** null: removes it. Throws SpellmError 'disk-full' | 'permission-denied'. */
  write(folder: string, job: Job | null): Promise<void>
  /** Writes it as one that runs or waits. Throws as `write`, and it is one in memory nevertheless. */
  activate(folder: string, settings: ConversionSettings): Promise<void>
  /** Changes nothing where there is no such job. Throws as `write`. */
  change(folder: string, changes: Partial<Job>): Promise<void>
}

/** @param onChange called with the folder of each job that is written */
export async function openStoredJobs(path: string, onChange: (folder: string) => void): Promise<StoredJobs> {
  const store = await openJsonStore(path, jobsSchema, { jobs: [] })
  const find = (folder: string) => store.value.jobs.find((job) => job.folder === folder)
  const write = (folder: string, job: Job | null) => {
    const others = store.value.jobs.filter((other) => other.folder !== folder)
    const written = store.set({ jobs: job ? [...others, job] : others })
    onChange(folder)
    return written
  }
  return {
    get jobs() {
      return store.value.jobs
    },
    find,
    write,
    activate: async (folder, settings) => {
      const before = find(folder)
      const created = before?.created ?? new Date().toISOString()
      const steps = before?.steps ?? null
      await write(folder, { folder, created, settings, status: 'active', steps, problem: null })
    },
    change: (folder, changes) => {
      const job = find(folder)
      return job ? write(folder, { ...job, ...changes }) : Promise.resolve()
    },
  }
}
