import { lstat, mkdir, rmdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type {
  ConversionRequest,
  LogLine,
  RunChange,
  RunEvent,
  RunHistory,
  RunSummary,
  StepPoint,
} from '../../contract/index.ts'
import { describeSystemError, SpellmError } from '../../errors.ts'
import { fileStamp } from '../../formats/file-stamp.ts'
import {
  deleteRun,
  listRuns,
  looksLikeRun,
  metricsFile,
  readDescription,
  readResult,
  summariseRun,
  type RunSummary as StoredRun,
} from '../../runs/index.ts'
import { conversionResultSchema } from '../convert.ts'
import { createFeed } from '../feed.ts'
import { createRecent } from '../recent.ts'
import { conversionSettingsSchema } from '../settings.ts'
import { conversionSettings } from './conversion-request.ts'
import type { JobEnvironment } from './active-job.ts'
import { openJobQueue } from './job-queue.ts'
import { readRunLog } from './run-log.ts'
import {
  createRunRecord,
  readRunRecord,
  runHistory,
  sparkline,
  stepsAfter,
  type RunRecord,
} from './run-record.ts'
import { summariseKnownRun } from './run-summary.ts'

/** The runs of the runs folder, also those that the command line made there. */
export interface Runs {
  list(): Promise<RunSummary[]>
  /** Throws SpellmError 'file-not-found' for an id that no run has; so do the others. */
  get(id: string): Promise<RunSummary>
  /** Throws SpellmError 'setting-invalid', and as `openBaseModel` for a base that can't be used. */
  start(name: string, request: ConversionRequest): Promise<RunSummary>
  pause(id: string): Promise<RunSummary>
  /** Throws SpellmError 'run-status' for a run that can't go on. */
  resume(id: string): Promise<RunSummary>
  /** Throws SpellmError 'run-status' for a run that has no weights yet, or is finished. */
  finishEarly(id: string): Promise<RunSummary>
  /** Throws SpellmError 'run-busy' for a run that another process has open. */
  remove(id: string): Promise<void>
  history(id: string): Promise<RunHistory>
  events(id: string, since: Since, signal: AbortSignal): AsyncGenerator<RunEvent>
  watch(signal: AbortSignal): AsyncGenerator<RunChange>
  /** Folders of the runs that are running or queued. */
  readonly busy: ReadonlySet<string>
  close(): Promise<void>
}

/** What somebody has heard of a run already. */
export interface Since {
  readonly afterStep: number
  /** The time of the last line of the log; absent: only new lines are told. */
  readonly afterLog?: string | undefined
}

/** Milliseconds between two messages. */
const changeInterval = 250
const eventInterval = 100
const pointsInMessage = 5_000

/**
 * Opens the runs.
 *
 * @param runsFolder where they are at the moment
 */
export async function openRuns(
  queueFile: string,
  runsFolder: () => string,
  environment: JobEnvironment,
): Promise<Runs> {
  const changes = createFeed<string>()
  const happenings = createFeed<{ readonly folder: string; readonly event: RunEvent }>()
  const queue = await openJobQueue(queueFile, environment, {
    onEvent: (folder, event) => happenings.publish({ folder, event }),
    onChange: (folder) => changes.publish(folder),
  })
  const records = createRecent<RunRecord>(2)
  const sparklines = createRecent<number[]>(500)

  const folderOf = (id: string) => join(runsFolder(), id)
  const activeIn = (folder: string) => (queue.active?.folder === folder ? queue.active : null)
  const jobIn = (folder: string) => queue.jobs.find((job) => job.folder === folder) ?? null

  const storedRecord = async (folder: string): Promise<RunRecord> => {
    const stamp = await stampOf(join(folder, metricsFile))
    return stamp === null ? createRunRecord() : records.get(stamp, () => readRunRecord(folder))
  }
  const storedSparkline = async (folder: string): Promise<readonly number[]> => {
    const stamp = await stampOf(join(folder, metricsFile))
    if (stamp === null) return []
    return sparklines.get(stamp, async () => {
      try {
        return sparkline(await storedRecord(folder))
      } catch (error) {
        // The run itself says what is wrong with its metrics when it is opened.
        if (error instanceof SpellmError && error.code === 'run-corrupt') return []
        throw error
      }
    })
  }
  const summarise = async (folder: string, stored: StoredRun | null): Promise<RunSummary> => {
    const result =
      stored?.status === 'finished'
        ? await readResult(folder, conversionResultSchema).catch((error: unknown) => brokenRun(folder, error))
        : null
    if (result && 'problem' in result) return summarise(folder, result)
    const idleSparkline = activeIn(folder) ? [] : await storedSparkline(folder)
    const active = activeIn(folder)
    return summariseKnownRun({
      folder,
      stored,
      result,
      job: jobIn(folder),
      active,
      isWaiting: queue.isWaiting(folder),
      sparkline: active ? sparkline(active.record) : idleSparkline,
    })
  }
  const find = async (folder: string): Promise<RunSummary | null> => {
    const stored = (await looksLikeRun(folder)) ? await summariseRun(folder) : null
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
  /** What a run has recorded, as far as it is now; nothing happens between this and what the caller does next. */
  const present = async (folder: string): Promise<{ record: RunRecord; log: readonly LogLine[] }> => {
    const active = activeIn(folder)
    if (active) {
      await active.ready
      return active
    }
    const stored = { record: await storedRecord(folder), log: await readRunLog(folder) }
    return activeIn(folder) ? present(folder) : stored
  }
  const enqueue = async (run: RunSummary, finishEarly: boolean) => {
    const job = jobIn(run.folder)
    const settings = job?.settings ?? (await readDescription(run.folder, conversionSettingsSchema)).settings
    await queue.add(run.folder, settings, { finishEarly })
    return get(run.id)
  }

  return {
    list: async () => {
      const stored = await listRuns(runsFolder())
      const listed = new Set(stored.map(({ folder }) => folder))
      const others = queue.jobs
        .map(({ folder }) => folder)
        .filter((folder) => dirname(folder) === runsFolder() && !listed.has(folder))
      const runs = []
      for (const run of stored) runs.push(await summarise(run.folder, run))
      for (const folder of others) runs.push(await summarise(folder, null))
      return runs.sort((a, b) => b.created.localeCompare(a.created))
    },
    get,
    start: async (name, request) => {
      const settings = await conversionSettings(request)
      const folder = await reserveFolder(runName(name))
      try {
        await queue.add(folder, settings)
      } catch (error) {
        await rmdir(folder)
        throw error
      }
      return get(basename(folder))
    },
    pause: async (id) => {
      const run = await get(id)
      await queue.pause(run.folder)
      return get(id)
    },
    resume: async (id) => {
      const run = await get(id)
      if (['queued', 'running'].includes(run.status) && jobIn(run.folder)) return run
      if (['paused', 'pausing', 'interrupted', 'failed'].includes(run.status)) return enqueue(run, false)
      throw wrongStatus(run, 'go on')
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
    remove: async (id) => {
      const { folder } = await get(id)
      await queue.forget(folder)
      if (await looksLikeRun(folder)) await deleteRun(folder)
      else await removeReservation(folder)
      changes.publish(folder)
    },
    history: async (id) => {
      const { folder } = await get(id)
      const { record, log } = await present(folder)
      return runHistory(record, log)
    },
    events: async function* (id, { afterStep, afterLog }, signal) {
      const { folder } = await get(id)
      const { record, log } = await present(folder)
      const listener = happenings.listen(signal)
      let lastStep = afterStep
      const missed = stepsAfter(record, afterStep)
      const evaluations = record.evaluations.filter(({ step }) => step >= afterStep)
      const samples = record.samples.filter(({ step }) => step >= afterStep)
      const lines = afterLog === undefined ? [] : log.filter(({ at }) => at > afterLog)
      yield* stepMessages(missed)
      lastStep = missed.at(-1)?.step ?? lastStep
      for (const point of evaluations) yield { type: 'evaluation', point }
      for (const point of samples) yield { type: 'sample', point }
      for (const line of lines) yield { type: 'log', line }

      while (!signal.aborted) {
        const points: StepPoint[] = []
        const others: RunEvent[] = []
        for (const { folder: origin, event } of await listener.take(eventInterval)) {
          if (origin !== folder) continue
          if (event.type !== 'steps') others.push(event)
          else points.push(...event.points.filter(({ step }) => step > lastStep))
          lastStep = Math.max(lastStep, points.at(-1)?.step ?? 0)
        }
        yield* stepMessages(points)
        yield* others
      }
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
    get busy() {
      const busy = queue.jobs.map(({ folder }) => folder)
      return new Set(busy.filter((folder) => activeIn(folder) !== null || queue.isWaiting(folder)))
    },
    close: () => queue.close(),
  }
}

/** A run whose files can't be read must not keep others from being listed. */
function brokenRun(folder: string, error: unknown): StoredRun & { readonly status: 'broken' } {
  if (error instanceof SpellmError) return { folder, status: 'broken', problem: error.message }
  throw error
}

function* stepMessages(points: readonly StepPoint[]): Generator<RunEvent> {
  for (let start = 0; start < points.length; start += pointsInMessage)
    yield { type: 'steps', points: points.slice(start, start + pointsInMessage) }
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

async function stampOf(path: string): Promise<string | null> {
  try {
    return await fileStamp([path])
  } catch (error) {
    if (error instanceof SpellmError && error.code === 'file-not-found') return null
    throw error
  }
}
