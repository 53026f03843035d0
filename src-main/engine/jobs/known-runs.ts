import { dirname, join } from 'node:path'
import type { LogLine, RunSummary } from '../../contract/index.ts'
import { SpellmError } from '../../base/errors.ts'
import type { JobQueue } from './job-queue.ts'
import { readRunLog } from './run-log.ts'
import { sparkline, type RunRecord } from './run-record.ts'
import { summariseKnownRun } from './run-summary.ts'
import { createStoredRuns, type StoredRun } from './stored-runs.ts'

/** Runs as they are now: what their folders hold, and what the queue knows of those that it works on. Changes nothing. */
export interface KnownRuns {
  /** The newest first. */
  list(): Promise<RunSummary[]>
  /** null: neither a folder nor the queue has it. */
  find(folder: string): Promise<RunSummary | null>
  /** Throws SpellmError 'file-not-found' for an id that no run has. */
  get(id: string): Promise<RunSummary>
  /** What its folder holds; null: it never began. */
  stored(folder: string): Promise<StoredRun | null>
  allStored(): Promise<StoredRun[]>
  /** The metrics and the log of a run; the lists of one that is active keep growing. */
  recorded(folder: string): Promise<{ readonly record: RunRecord; readonly log: readonly LogLine[] }>
}

/** @param runsFolder where runs are at the moment */
export function createKnownRuns(runsFolder: () => string, queue: JobQueue): KnownRuns {
  const storedRuns = createStoredRuns()
  const activeIn = (folder: string) => (queue.active?.folder === folder ? queue.active : null)
  const jobIn = (folder: string) => queue.jobs.find((job) => job.folder === folder) ?? null

  const summarise = async (folder: string, stored: StoredRun | null): Promise<RunSummary> => {
    const storedSparkline = await storedRuns.sparkline(folder)
    const active = activeIn(folder)
    return summariseKnownRun({
      folder,
      stored,
      job: jobIn(folder),
      active,
      isWaiting: queue.isWaiting(folder),
      sparkline: active ? sparkline(active.journal.record) : storedSparkline,
    })
  }
  const find = async (folder: string): Promise<RunSummary | null> => {
    const stored = await storedRuns.find(folder)
    return stored || jobIn(folder) ? summarise(folder, stored) : null
  }
  const recorded: KnownRuns['recorded'] = async (folder) => {
    const active = activeIn(folder)
    if (active) {
      await active.ready
      return active.journal
    }
    const stored = { record: await storedRuns.record(folder), log: await readRunLog(folder) }
    // It may have become active meanwhile.
    return activeIn(folder) ? recorded(folder) : stored
  }

  return {
    list: async () => {
      const stored = await storedRuns.list(runsFolder())
      const listed = new Set(stored.map(({ summary }) => summary.folder))
      const notBegun = queue.jobs
        .map(({ folder }) => folder)
        .filter((folder) => dirname(folder) === runsFolder() && !listed.has(folder))
      const runs = []
      for (const run of stored) runs.push(await summarise(run.summary.folder, run))
      for (const folder of notBegun) runs.push(await summarise(folder, null))
      return runs.sort((a, b) => b.created.localeCompare(a.created))
    },
    find,
    get: async (id) => {
      const run = await find(join(runsFolder(), id))
      if (run) return run
      throw new SpellmError(
        'file-not-found',
        `There is no run '${id}' in ${runsFolder()}.`,
        'It may have been deleted or moved: look at the list of runs.',
      )
    },
    stored: (folder) => storedRuns.find(folder),
    allStored: () => storedRuns.list(runsFolder()),
    recorded,
  }
}
