import { basename, join } from 'node:path'
import { runIdSchema, type RunResult } from '../../contract/index.ts'
import { SpellmError, nullIfNotFound } from '../../base/errors.ts'
import { fileStamp } from '../../formats/file-stamp.ts'
import {
  listRuns,
  looksLikeRun,
  metricsFile,
  readResult,
  summariseRun,
  type RunSummary as FolderSummary,
} from '../../runs/index.ts'
import { conversionResultSchema } from '../../conversion/result.ts'
import { createLru } from '../../base/lru.ts'
import { createRunRecord, readRunRecord, sparkline, type RunRecord } from './run-record.ts'

/** What the folder of a run says. */
export interface StoredRun {
  readonly summary: FolderSummary
  /** Null: it isn't finished, or its result can't be read and the summary says so. */
  readonly result: RunResult | null
}

/** Runs as their folders have them. Records are kept until their files change. */
export interface StoredRuns {
  /** The runs of a folder whose names are ids of the contract. Throws SpellmError as `listRuns`. */
  list(runsFolder: string): Promise<StoredRun[]>
  /** Null where there is no run. */
  find(folder: string): Promise<StoredRun | null>
  /** Throws SpellmError 'run-corrupt'. */
  record(folder: string): Promise<RunRecord>
  /** Empty where the metrics can't be read: `record` says what is wrong with them. */
  sparkline(folder: string): Promise<readonly number[]>
}

/** Nothing read yet. */
export function createStoredRuns(): StoredRuns {
  const records = createLru<RunRecord>(2)
  const sparklines = createLru<readonly number[]>(500)

  const record = async (folder: string): Promise<RunRecord> => {
    const stamp = await metricsStamp(folder)
    return stamp === null ? createRunRecord() : records.get(stamp, () => readRunRecord(folder))
  }
  return {
    list: async (runsFolder) => {
      const runs: StoredRun[] = []
      // The command line allows other names.
      for (const summary of await listRuns(runsFolder))
        if (runIdSchema.safeParse(basename(summary.folder)).success) runs.push(await withResult(summary))
      return runs
    },
    find: async (folder) => ((await looksLikeRun(folder)) ? withResult(await summariseRun(folder)) : null),
    record,
    sparkline: async (folder) => {
      const stamp = await metricsStamp(folder)
      if (stamp === null) return []
      return sparklines.get(stamp, async () => {
        try {
          return sparkline(await record(folder))
        } catch (error) {
          if (error instanceof SpellmError && error.code === 'run-corrupt') return []
          throw error
        }
      })
    },
  }
}

async function withResult(summary: FolderSummary): Promise<StoredRun> {
  if (summary.status !== 'finished') return { summary, result: null }
  try {
    return { summary, result: await readResult(summary.folder, conversionResultSchema) }
  } catch (error) {
    if (!(error instanceof SpellmError)) throw error
    return { summary: { folder: summary.folder, status: 'broken', problem: error.message }, result: null }
  }
}

async function metricsStamp(folder: string): Promise<string | null> {
  try {
    return await fileStamp([join(folder, metricsFile)])
  } catch (error) {
    return nullIfNotFound(error)
  }
}
