import { randomBytes } from 'node:crypto'
import { open, readdir, rename, rm, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { describeSystemError } from '../errors.ts'
import { isProcessAlive } from '../process-alive.ts'

/** `.NAME.PID-RANDOM.tmp`: the process that writes it can be told from the name. */
const temporaryName = /^\..+\.(\d+)-[0-9a-f]{12}\.tmp$/

/**
 * Writes a file so that its path always holds either the old or the whole new contents: a temporary file
 * beside it is written, flushed to the disk and renamed. It is removed when anything fails.
 *
 * @throws SpellmError for errors of the operating system (disk full, no permission, no such folder)
 */
export async function writeFileAtomically(
  path: string,
  write: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const temporary = join(
    dirname(path),
    `.${basename(path)}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`,
  )
  try {
    const file = await open(temporary, 'wx')
    try {
      await write(file)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw describeSystemError(error, path)
  }
  await syncFolder(dirname(path))
}

/** `writeFileAtomically` for a value as indented JSON. */
export async function writeJsonAtomically(path: string, value: unknown): Promise<void> {
  await writeFileAtomically(path, (file) => file.writeFile(`${JSON.stringify(value, null, 2)}\n`))
}

/**
 * Removes the temporary files that a process which no longer lives left in `folder`. A folder that doesn't
 * exist has none.
 */
export async function removeStaleTemporaryFiles(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw describeSystemError(error, folder)
  })
  for (const name of names) {
    const pid = temporaryName.exec(name)?.[1]
    if (pid !== undefined && !isProcessAlive(Number(pid))) await rm(join(folder, name), { force: true })
  }
}

/** Makes the rename itself durable. Windows can't open folders, and needs no such call. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
