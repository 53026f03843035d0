import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { describeSystemError, SpellmError } from '../base/errors.ts'
import { checkpointSteps } from './checkpoints.ts'
import { readDescription, readRunJson, type Json, type RunDescription } from './description.ts'
import { checkpointsFolder, descriptionFile, metricsFile, resultFile } from './layout.ts'
import { runHolder } from './lock.ts'

/** running: a living process has it open; finished: it has a result; paused: it waits to be continued. */
export type RunStatus = 'running' | 'paused' | 'finished'

/** What a list of runs shows. `step` is that of the newest checkpoint, or 0. */
export type RunSummary =
  | (RunDescription<Json> & { readonly folder: string; readonly status: RunStatus; readonly step: number })
  | { readonly folder: string; readonly status: 'broken'; readonly problem: string }

/** The status of the run in a folder. Needs no lock, changes nothing. */
export async function runStatus(folder: string): Promise<RunStatus> {
  if ((await runHolder(folder)) !== null) return 'running'
  return (await exists(join(folder, resultFile))) ? 'finished' : 'paused'
}

/**
 * The result of a run, or null if it isn't finished. Needs no lock.
 *
 * @throws SpellmError 'run-corrupt' if the result can't be read or doesn't fit the schema
 */
export async function readResult<T>(folder: string, schema: z.ZodType<T>): Promise<T | null> {
  const path = join(folder, resultFile)
  return (await exists(path)) ? readRunJson(path, schema) : null
}

/**
 * The runs that are direct children of a folder, newest first, then those that can't be read: they are
 * reported and left as they are. Other folders and files are passed over.
 *
 * @throws SpellmError 'file-not-found' if the folder doesn't exist, which is not the same as having no runs:
 *   it may be on a disk that isn't mounted
 */
export async function listRuns(folder: string): Promise<RunSummary[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw describeSystemError(error, folder)
  })
  const summaries: RunSummary[] = []
  for (const name of names.sort()) {
    const run = join(folder, name)
    if (await looksLikeRun(run)) summaries.push(await summariseRun(run))
  }
  return summaries.sort((a, b) => created(b).localeCompare(created(a)))
}

function created(summary: RunSummary): string {
  return summary.status === 'broken' ? '' : summary.created
}

/** A run whose run.json has been lost is still a run, and its user wants to hear of it. */
export async function looksLikeRun(folder: string): Promise<boolean> {
  for (const name of [descriptionFile, metricsFile, checkpointsFolder])
    if (await exists(join(folder, name))) return true
  return false
}

/** What a list shows of the run in a folder, which must look like one. Needs no lock, changes nothing. */
export async function summariseRun(folder: string): Promise<RunSummary> {
  try {
    const description = await readDescription(folder, z.json())
    const [newest = 0] = await checkpointSteps(join(folder, checkpointsFolder))
    return { folder, status: await runStatus(folder), step: newest, ...description }
  } catch (error) {
    if (!(error instanceof SpellmError)) throw error
    return { folder, status: 'broken', problem: error.message }
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Something that can't be looked at is there.
    return code !== 'ENOENT' && code !== 'ENOTDIR'
  }
}
