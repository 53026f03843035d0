import { randomUUID } from 'node:crypto'
import { access, mkdir, readdir, rm, rmdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { z } from 'zod'
import { describeSystemError, SpellmError } from '../base/errors.ts'
import { writeJsonAtomically } from '../base/atomic-file.ts'
import {
  loadNewestCheckpoint,
  saveCheckpoint,
  type Checkpoint,
  type CheckpointTensors,
} from './checkpoints.ts'
import { readDescription, writeDescription, type RunDescription } from './description.ts'
import {
  cacheFolder,
  checkpointsFolder,
  descriptionFile,
  lockFolder,
  metricsFile,
  resultFile,
  spellmFolder,
} from './layout.ts'
import { acquireLock } from './lock.ts'
import { openMetricsLog, readMetricsFile, type MetricsEvent } from './metrics.ts'

/**
 * A run that this process has locked. Whatever instant the process dies at, the run can be opened again, and
 * all that is lost is the work since the last checkpoint.
 */
export interface Run<S> extends RunDescription<S> {
  /** Absolute path. */
  readonly folder: string
  /**
   * The newest checkpoint that is whole, or null to begin at step 0. Events of later steps are dropped from
   * the metrics, because those steps will be done again. To be called before the first new step.
   *
   * @returns warnings: sentences on checkpoints and lines that were damaged and are now removed
   * @throws SpellmError 'run-corrupt' if there are checkpoints and none can be read
   */
  resume<T>(stateSchema: z.ZodType<T>): Promise<{ checkpoint: Checkpoint<T> | null; warnings: string[] }>
  /**
   * Adds an event to the metrics. Many together are written at once: an event may be lost with the process
   * until `flush` or `saveCheckpoint`. JSON has no NaN and no infinities: they become null.
   *
   * @throws SpellmError 'disk-full'; the event is kept and written again with the next
   */
  appendMetrics(event: MetricsEvent & Readonly<Record<string, unknown>>): Promise<void>
  /** Writes the events that wait in memory, so that other processes see them. */
  flush(): Promise<void>
  /** All events so far, from first to last; see `readMetrics`. */
  readMetrics<T>(schema: z.ZodType<T>): AsyncGenerator<T>
  /**
   * Saves the metrics and then the checkpoint, both safe from a power cut when this resolves. The newest two
   * checkpoints are kept. `state` is stored as JSON.
   *
   * @throws SpellmError 'disk-full', with the earlier checkpoints untouched
   * @throws RangeError if a later checkpoint exists: `resume` was not called
   */
  saveCheckpoint(step: number, tensors: CheckpointTensors, state: unknown): Promise<void>
  /** Writes the result, as JSON: from here on the run is finished. */
  finish(result: unknown): Promise<void>
  /** Writes the events that wait and gives the lock back. The run can't be used afterwards. */
  close(): Promise<void>
}

/**
 * Makes a new run in an empty or new folder, and opens it. Nothing is left behind when this fails.
 *
 * @param settings must survive a round trip through JSON and the schema, which `openRun` will ask of it
 * @throws SpellmError 'file-exists' (the folder has something in it) | 'run-busy' | 'permission-denied' |
 *   'disk-full'
 */
export async function createRun<S>(
  folder: string,
  settingsSchema: z.ZodType<S>,
  { settings, base, environment }: Pick<RunDescription<S>, 'settings' | 'base' | 'environment'>,
): Promise<Run<S>> {
  const path = resolve(folder)
  const description: RunDescription<S> = {
    id: randomUUID(),
    created: new Date().toISOString(),
    settings: settingsSchema.parse(JSON.parse(JSON.stringify(settings))),
    base,
    environment,
  }
  const newFolders = await missingFolders(path)
  try {
    await mkdir(path, { recursive: true })
    await requireUnused(path)
    const release = await acquireLock(path)
    try {
      // Another process may have made a run here in the meantime.
      await requireUnused(path)
      return await initialise(path, description, release)
    } catch (error) {
      await release()
      await removeIfEmpty(join(path, lockFolder))
      throw error
    }
  } catch (error) {
    for (const made of newFolders) await removeIfEmpty(made)
    throw describeSystemError(error, path)
  }
}

async function initialise<S>(
  folder: string,
  description: RunDescription<S>,
  release: () => Promise<void>,
): Promise<Run<S>> {
  try {
    await removeTemporaryFiles(folder)
    await writeDescription(folder, description)
    return await openLocked(folder, description, release)
  } catch (error) {
    for (const name of [descriptionFile, metricsFile, checkpointsFolder])
      await rm(join(folder, name), { recursive: true, force: true })
    throw error
  }
}

/**
 * Opens a run to continue it: takes its lock, and removes what a process that died may have left unfinished.
 *
 * @param expectedBase sha256 of the base model that the caller will continue with
 * @throws SpellmError 'file-not-found' | 'run-corrupt' | 'run-mismatch' (made from another base) | 'run-busy'
 *   (open in a living process) | 'permission-denied' | 'disk-full'
 */
export async function openRun<S>(
  folder: string,
  settingsSchema: z.ZodType<S>,
  { expectedBase }: { readonly expectedBase?: string } = {},
): Promise<Run<S>> {
  const path = resolve(folder)
  const description = await readDescription(path, settingsSchema)
  const { base } = description
  if (expectedBase !== undefined && expectedBase !== base.sha256)
    throw new SpellmError(
      'run-mismatch',
      `${path}: the run was made from the base model ${base.path} with sha256 ${base.sha256}, not from one with ${expectedBase}.`,
      'Continue it with the base model that it was made from, or start a new run.',
    )
  const release = await acquireLock(path)
  try {
    for (const name of ['.', checkpointsFolder, cacheFolder, spellmFolder])
      await removeTemporaryFiles(join(path, name))
    return await openLocked(path, description, release)
  } catch (error) {
    await release()
    throw describeSystemError(error, path)
  }
}

async function openLocked<S>(
  folder: string,
  description: RunDescription<S>,
  release: () => Promise<void>,
): Promise<Run<S>> {
  const checkpoints = join(folder, checkpointsFolder)
  await mkdir(checkpoints, { recursive: true })
  const metrics = await openMetricsLog(join(folder, metricsFile))
  return {
    ...description,
    folder,
    resume: async (stateSchema) => {
      const { checkpoint, warnings } = await loadNewestCheckpoint(checkpoints, stateSchema)
      const unreadable = await metrics.dropAfter(checkpoint?.step ?? -1)
      if (unreadable > 0)
        warnings.push(`${join(folder, metricsFile)}: ${unreadable} unreadable lines were removed.`)
      return { checkpoint, warnings }
    },
    appendMetrics: (event) => metrics.append(event),
    flush: () => metrics.flush(),
    readMetrics: async function* (schema) {
      await metrics.flush()
      yield* readMetrics(folder, schema)
    },
    saveCheckpoint: async (step, tensors, state) => {
      await metrics.sync()
      await saveCheckpoint(checkpoints, { step, tensors, state })
    },
    finish: async (result) => {
      await metrics.sync()
      await writeJsonAtomically(join(folder, resultFile), result)
    },
    close: async () => {
      try {
        await metrics.close()
      } finally {
        await release()
      }
    },
  }
}

/**
 * The events of a run, from first to last, in constant memory. Needs no lock, so it also serves to look at a
 * run that another process works on; that process's unwritten events are missing then.
 *
 * @throws SpellmError 'run-corrupt' at a line that isn't JSON, doesn't fit the schema, or is over 1 MiB
 */
export function readMetrics<T>(folder: string, schema: z.ZodType<T>): AsyncGenerator<T> {
  return readMetricsFile(join(folder, metricsFile), schema)
}

/** The folder and its parents as far as they don't exist, innermost first. */
async function missingFolders(folder: string): Promise<string[]> {
  const missing: string[] = []
  for (let path = folder; dirname(path) !== path; path = dirname(path)) {
    const there = await access(path).then(
      () => true,
      () => false,
    )
    if (there) break
    missing.push(path)
  }
  return missing
}

async function removeIfEmpty(folder: string): Promise<void> {
  // Whatever the reason it can't be removed, the error that led here is the one to report.
  await rmdir(folder).catch(() => undefined)
}

/** What `writeFileAtomically` names its files until they are whole. */
const temporaryName = /^\..+\.tmp$/

/**
 * Removes all temporary files in a folder of a run that is locked: the lock says that nobody writes them any
 * more. Whether the process of their name lives says less, since its id may belong to another one now, in a
 * container even to this one.
 */
async function removeTemporaryFiles(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw describeSystemError(error, folder)
  })
  for (const name of names) if (temporaryName.test(name)) await rm(join(folder, name), { force: true })
}

/** A process that died while it made a run may have left its lock and a torn description: they don't count. */
async function requireUnused(folder: string): Promise<void> {
  const isRest = (name: string) =>
    name === lockFolder || (name.startsWith(`.${descriptionFile}.`) && temporaryName.test(name))
  const found = (await readdir(folder)).find((name) => !isRest(name))
  if (found !== undefined)
    throw new SpellmError(
      'file-exists',
      `${folder}: the folder is not empty: it has '${found}'.`,
      'Choose a folder that is empty or does not exist yet.',
    )
}
