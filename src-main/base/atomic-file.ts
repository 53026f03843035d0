import { randomBytes } from 'node:crypto'
import { link, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { describeSystemError } from './errors.ts'
import { processState } from './process-state.ts'

/** `.NAME.PID-RANDOM.tmp`: the process that writes it can be told from the name. */
const temporaryName = /^\..+\.(\d+)-[0-9a-f]{12}\.tmp$/

/**
 * Writes a file so that its path always holds either the old or the whole new contents: a temporary file
 * next to it is written, flushed to the disk and renamed. It is removed when anything fails.
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

/**
 * Gives a file that is never changed in place a second path: by a hard link, or by a copy where the file system has none
 * between the two. A path that is there already stays as it is.
 *
 * @throws SpellmError for errors of the operating system (disk full, no permission, no such file)
 */
export async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    if (code === 'ENOENT') throw describeSystemError(error, from)
    await copyAtomically(from, to)
  }
}

async function copyAtomically(from: string, to: string): Promise<void> {
  const source = await open(from, 'r').catch((error: unknown) => {
    throw describeSystemError(error, from)
  })
  try {
    await writeFileAtomically(to, async (file) => {
      for await (const part of source.createReadStream({ autoClose: false }))
        await file.writeFile(part as Uint8Array)
    })
  } finally {
    await source.close()
  }
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
    if (pid === undefined || (await processState(Number(pid))).alive) continue
    await rm(join(folder, name), { force: true })
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
