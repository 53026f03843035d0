import { lstat, mkdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describeSystemError, SpellmError } from '../../base/errors.ts'

/**
 * Makes a folder of that name, or one like it, now, so that nobody else takes it.
 *
 * @param isTaken whether a run that has no folder yet has that one
 * @throws SpellmError 'setting-invalid' for a name that no folder can have on every system, 'disk-full' | 'permission-denied'
 */
export async function reserveRunFolder(
  runsFolder: string,
  name: string,
  isTaken: (folder: string) => boolean,
): Promise<string> {
  const stem = runName(name)
  for (let number = 1; ; number++) {
    const folder = join(runsFolder, number === 1 ? stem : `${stem.slice(0, 90)} ${number}`)
    if (isTaken(folder)) continue
    try {
      await mkdir(folder)
      return folder
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw describeSystemError(error, folder)
    }
  }
}

/** Removes the folder of a run that never began: it is empty, or gone. */
export async function removeReservation(folder: string): Promise<void> {
  const found = await lstat(folder).catch(() => null)
  if (found?.isDirectory())
    await rmdir(folder).catch((error: unknown) => {
      throw describeSystemError(error, folder)
    })
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
