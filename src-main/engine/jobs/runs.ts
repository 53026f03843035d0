import { lstat, mkdir, rmdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type {
  ConversionRequest,
  LogLine,
  OtherKind,
  RunChange,
  RunEvent,
  RunHistory,
  RunSummary,
} from '../../contract/index.ts'
import { describeSystemError, SpellmError } from '../../base/errors.ts'
import { deleteRun, readDescription } from '../../runs/index.ts'
import { createFeed } from '../feed.ts'
import { keepsText } from '../../conversion/kept-text.ts'
import { runSettingsSchema, type ConversionSettings } from '../../conversion/settings.ts'
import type { JobEnvironment } from './active-job.ts'
import { conversionSettings } from './conversion-request.ts'
import { openJobQueue } from './job-queue.ts'
import { runEvents, type Happening, type Since } from './run-events.ts'
import { readRunLog } from './run-log.ts'
import { runHistory, sparkline, type RunRecord } from './run-record.ts'
import { summariseKnownRun } from './run-summary.ts'
import { otherKind, withGroups } from './other-kind.ts'
import { createStoredRuns, type StoredRun } from './stored-runs.ts'

/** The runs of the runs folder, also those that the command line made there. */
export interface Runs {
  list(): Promise<RunSummary[]>
  /** Throws SpellmError 'file-not-found' for an id that no run has; so do the others. */
  get(id: string): Promise<RunSummary>
  /** Throws SpellmError 'setting-invalid', and as `openBaseModel` for a base that can't be used. */
  start(name: string, request: ConversionRequest): Promise<RunSummary>
  pause(id: string): Promise<RunSummary>
  /** Throws SpellmError 'run-status' for a run that can't be resumed. */
  resume(id: string): Promise<RunSummary>
  /** Throws SpellmError 'run-status' for a run that has no weights yet, or is finished. */
  finishEarly(id: string): Promise<RunSummary>
  /** What another kind of alphabet measured on the same model, or whether the run's text is there to try one. */
  otherKind(id: string): Promise<OtherKind>
  /** Begins a run with learned groups on the text of a finished one. Throws SpellmError 'run-status' for any other. */
  learnGroups(id: string): Promise<RunSummary>
  /** Throws SpellmError 'run-busy' for a run that another process has open. */
  remove(id: string): Promise<void>
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
  const changes = createFeed<string>()
  const happenings = createFeed<Happening>()
  const queue = await openJobQueue(queueFile, environment, {
    onEvent: (folder, event) => happenings.publish({ folder, event }),
    onChange: (folder) => changes.publish(folder),
  })
  const storedRuns = createStoredRuns()

  const folderOf = (id: string) => join(runsFolder(), id)
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
      sparkline: active ? sparkline(active.record) : storedSparkline,
    })
  }
  const find = async (folder: string): Promise<RunSummary | null> => {
    const stored = await storedRuns.find(folder)
    return stored || jobIn(folder) ? summarise(folder, stored) : null
  }
  const get = async (id: string): Promise<RunSummary> => {
    const run = await find(folderOf(id))
    if (run) return run
    throw new SpellmError(
      'file-not-found',
      `There is no run '${id}' in ${runsFolder()}.`,
      'It may have been deleted or moved: look at the list of runs.',
    )
  }
  /** What is recorded of a run: of one that is active, lists that keep growing. */
  const recorded = async (folder: string): Promise<{ record: RunRecord; log: readonly LogLine[] }> => {
    const active = activeIn(folder)
    if (active) {
      await active.ready
      return active
    }
    const stored = { record: await storedRuns.record(folder), log: await readRunLog(folder) }
    return activeIn(folder) ? recorded(folder) : stored
  }
  /** A folder of that name, or one like it, made now so that nobody else takes it. */
  const reserveFolder = async (name: string): Promise<string> => {
    for (let number = 1; ; number++) {
      const folder = folderOf(number === 1 ? name : `${name.slice(0, 90)} ${number}`)
      if (jobIn(folder)) continue
      try {
        await mkdir(folder)
        return folder
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw describeSystemError(error, folder)
      }
    }
  }
  const begin = async (name: string, settings: ConversionSettings): Promise<RunSummary> => {
    const folder = await reserveFolder(runName(name))
    try {
      await queue.add(folder, settings)
    } catch (error) {
      await rmdir(folder)
      throw error
    }
    return get(basename(folder))
  }
  const enqueue = async (run: RunSummary, finishEarly: boolean) => {
    const job = jobIn(run.folder)
    const settings = job?.settings ?? (await readDescription(run.folder, runSettingsSchema)).settings
    await queue.add(run.folder, settings, { finishEarly })
    return get(run.id)
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
    get,
    start: async (name, request) => begin(name, await conversionSettings(request)),
    pause: async (id) => {
      const run = await get(id)
      await queue.pause(run.folder)
      return get(id)
    },
    resume: async (id) => {
      const run = await get(id)
      if (['queued', 'running'].includes(run.status) && jobIn(run.folder)) return run
      if (['paused', 'pausing', 'interrupted', 'failed'].includes(run.status)) return enqueue(run, false)
      throw wrongStatus(run, 'be resumed')
    },
    finishEarly: async (id) => {
      const run = await get(id)
      const active = activeIn(run.folder)
      const isPossible = ['queued', 'running', 'paused', 'interrupted', 'failed'].includes(run.status)
      if (run.step === 0 || !isPossible || (run.status === 'running' && !active))
        throw wrongStatus(run, run.step === 0 ? 'be finished before its first step' : 'be finished')
      if (!active) return enqueue(run, true)
      active.finishEarly()
      changes.publish(run.folder)
      return get(id)
    },
    otherKind: async (id) => {
      const { folder } = await get(id)
      const run = await storedRuns.find(folder)
      if (!run) return { measured: null, offer: null }
      return otherKind(run, await storedRuns.list(runsFolder()), {
        isOffered:
          (await keepsText(folder)) && !queue.jobs.some(({ settings }) => settings.textOf === folder),
      })
    },
    learnGroups: async (id) => {
      const run = await get(id)
      const stored = await storedRuns.find(run.folder)
      const settings = stored && withGroups(stored)
      if (!settings) throw wrongStatus(run, 'give its text to another')
      return begin(`${id.slice(0, 90)}-groups`, settings)
    },
    remove: async (id) => {
      const { folder } = await get(id)
      await queue.forget(folder)
      if (await storedRuns.find(folder)) await deleteRun(folder)
      else await removeReservation(folder)
      changes.publish(folder)
    },
    history: async (id) => {
      const { folder } = await get(id)
      const { record, log } = await recorded(folder)
      return runHistory(record, log)
    },
    events: async function* (id, since, signal) {
      const { folder } = await get(id)
      const past = await recorded(folder)
      yield* runEvents(folder, past, happenings.listen(signal), since)
    },
    watch: async function* (signal) {
      const listener = changes.listen(signal)
      while (!signal.aborted)
        for (const folder of new Set(await listener.take(changeInterval))) {
          if (dirname(folder) !== runsFolder()) continue
          const run = await find(folder)
          yield run ? { type: 'changed', run } : { type: 'removed', id: basename(folder) }
        }
    },
    get isBusy() {
      return queue.isBusy
    },
    close: () => queue.close(),
  }
}

/** A name that is a folder's on every system: none of Windows' devices, no dot or space at its end. */
function runName(name: string): string {
  const trimmed = name.trim().replace(/[. ]+$/, '')
  if (trimmed === '' || /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(trimmed))
    throw new SpellmError(
      'setting-invalid',
      `The run can't be called '${name}': a folder of that name isn't possible on every system.`,
      'Choose another name.',
    )
  return trimmed
}

function wrongStatus({ id, status }: RunSummary, deed: string): SpellmError {
  return new SpellmError(
    'run-status',
    `The run '${id}' is ${status} and can't ${deed}.`,
    'Look at the run: its status may have changed in the meantime.',
  )
}

/** The folder of a run that never began is empty, or gone. */
async function removeReservation(folder: string): Promise<void> {
  const found = await lstat(folder).catch(() => null)
  if (found?.isDirectory())
    await rmdir(folder).catch((error: unknown) => {
      throw describeSystemError(error, folder)
    })
}
