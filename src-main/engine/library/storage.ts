import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { StoragePlace } from '../../contract/index.ts'
import { describeSystemError } from '../../base/errors.ts'
import { quantizedFolder } from '../../models/precision.ts'
import { cacheFolder, checkpointsFolder, listRuns } from '../../runs/index.ts'

/** What can be made again. */
export type CleanableKind = Exclude<StoragePlace['kind'], 'runs'>

const folderNames = { teacherCaches: cacheFolder, checkpoints: checkpointsFolder } as const

/** What the runs of a folder and quantised weights take on disk. Throws SpellmError for errors of the operating system. */
export async function storagePlaces(runsFolder: string): Promise<StoragePlace[]> {
  const places: StoragePlace[] = [
    { kind: 'runs', folder: runsFolder, bytes: await folderBytes(runsFolder), removableBytes: 0 },
  ]
  const runs = await listRuns(runsFolder)
  for (const kind of ['teacherCaches', 'checkpoints'] as const) {
    const place = { kind, folder: runsFolder, bytes: 0, removableBytes: 0 }
    for (const { folder, status } of runs) {
      const bytes = await folderBytes(join(folder, folderNames[kind]))
      place.bytes += bytes
      if (status === 'finished') place.removableBytes += bytes
    }
    places.push(place)
  }
  const folder = quantizedFolder()
  const bytes = await folderBytes(folder)
  // A run that works opens them again and again.
  const removableBytes = runs.some(({ status }) => status === 'running') ? 0 : bytes
  return [...places, { kind: 'quantizedWeights', folder, bytes, removableBytes }]
}

/**
 * Deletes teacher caches or checkpoints of finished runs, or quantised weights if no run is active. Returns the bytes
 * that became free.
 */
export async function cleanStorage(runsFolder: string, kind: CleanableKind): Promise<number> {
  const runs = await listRuns(runsFolder)
  if (kind === 'quantizedWeights')
    return runs.some(({ status }) => status === 'running') ? 0 : removeFolder(quantizedFolder())
  let freed = 0
  for (const { folder, status } of runs)
    if (status === 'finished') freed += await removeFolder(join(folder, folderNames[kind]))
  return freed
}

/** Returns the bytes that became free. */
async function removeFolder(folder: string): Promise<number> {
  const bytes = await folderBytes(folder)
  try {
    await rm(folder, { recursive: true, force: true })
  } catch (error) {
    throw describeSystemError(error, folder)
  }
  return bytes
}

/** Bytes of all files below a folder, without following links; 0 if it doesn't exist. */
async function folderBytes(folder: string): Promise<number> {
  let bytes = 0
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) bytes += await folderBytes(path)
    // A file may vanish while a run works.
    else if (entry.isFile())
      bytes += await lstat(path).then(
        ({ size }) => size,
        () => 0,
      )
  }
  return bytes
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw describeSystemError(error, folder)
  }
}
