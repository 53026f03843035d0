import { rmdir } from 'node:fs/promises'
import { basename } from 'node:path'
import type { ConversionRequest, RunSummary } from '../../contract/index.ts'
import { SpellmError } from '../../base/errors.ts'
import { runSettingsSchema, type ConversionSettings } from '../../conversion/settings.ts'
import { deleteRun, readDescription } from '../../runs/index.ts'
import { conversionSettings } from './conversion-request.ts'
import type { JobQueue } from './job-queue.ts'
import type { KnownRuns } from './known-runs.ts'
import { withGroups } from './other-kind.ts'
import { removeReservation, reserveRunFolder } from './reserve-run-folder.ts'

/** What a person does to runs. All throw SpellmError 'file-not-found' for an id that no run has. */
export interface RunActions {
  /** Throws SpellmError 'setting-invalid', and as `openBaseModel` for a base that can't be used. */
  start(name: string, request: ConversionRequest): Promise<RunSummary>
  pause(id: string): Promise<RunSummary>
  /** Throws SpellmError 'run-status' for a run that can't be resumed. */
  resume(id: string): Promise<RunSummary>
  /** Throws SpellmError 'run-status' for a run that has no weights yet, or is finished. */
  finishEarly(id: string): Promise<RunSummary>
  /** Begins a run with learned groups on the text of a finished one. Throws SpellmError 'run-status' for any other. */
  learnGroups(id: string): Promise<RunSummary>
  /** Throws SpellmError 'run-busy' for a run that another process has open. */
  remove(id: string): Promise<void>
}

/**
 * @param runsFolder where runs are at the moment
 * @param onChange called with the folder of a run that is something else now than lists show
 */
export function createRunActions(
  runsFolder: () => string,
  queue: JobQueue,
  known: KnownRuns,
  onChange: (folder: string) => void,
): RunActions {
  const jobIn = (folder: string) => queue.jobs.find((job) => job.folder === folder)

  const begin = async (name: string, settings: ConversionSettings): Promise<RunSummary> => {
    const folder = await reserveRunFolder(runsFolder(), name, (folder) => jobIn(folder) !== undefined)
    try {
      await queue.add(folder, settings)
    } catch (error) {
      await rmdir(folder)
      throw error
    }
    return known.get(basename(folder))
  }
  const enqueue = async (run: RunSummary, finishEarly: boolean) => {
    const job = jobIn(run.folder)
    const settings = job?.settings ?? (await readDescription(run.folder, runSettingsSchema)).settings
    await queue.add(run.folder, settings, { finishEarly })
    return known.get(run.id)
  }

  return {
    start: async (name, request) => begin(name, await conversionSettings(request)),
    pause: async (id) => {
      const run = await known.get(id)
      await queue.pause(run.folder)
      return known.get(id)
    },
    resume: async (id) => {
      const run = await known.get(id)
      if (['queued', 'running'].includes(run.status) && jobIn(run.folder)) return run
      if (['paused', 'pausing', 'interrupted', 'failed'].includes(run.status)) return enqueue(run, false)
      throw wrongStatus(run, 'be resumed')
    },
    finishEarly: async (id) => {
      const run = await known.get(id)
      const active = queue.active?.folder === run.folder ? queue.active : null
      const isPossible = ['queued', 'running', 'paused', 'interrupted', 'failed'].includes(run.status)
      if (run.step === 0 || !isPossible || (run.status === 'running' && !active))
        throw wrongStatus(run, run.step === 0 ? 'be finished before its first step' : 'be finished')
      if (!active) return enqueue(run, true)
      active.finishEarly()
      onChange(run.folder)
      return known.get(id)
    },
    learnGroups: async (id) => {
      const run = await known.get(id)
      const stored = await known.stored(run.folder)
      const settings = stored && withGroups(stored)
      if (!settings) throw wrongStatus(run, 'give its text to another')
      return begin(`${id.slice(0, 90)}-groups`, settings)
    },
    remove: async (id) => {
      const { folder } = await known.get(id)
      await queue.forget(folder)
      if (await known.stored(folder)) await deleteRun(folder)
      else await removeReservation(folder)
      onChange(folder)
    },
  }
}

function wrongStatus({ id, status }: RunSummary, deed: string): SpellmError {
  return new SpellmError(
    'run-status',
    `The run '${id}' is ${status} and can't ${deed}.`,
    'Look at the run: its status may have changed in the meantime.',
  )
}
