import { stat } from 'node:fs/promises'
import { describeSystemError } from '../base/errors.ts'

/**
 * Tells whether files have changed, without reading them: their paths, sizes and times of change.
 *
 * @throws SpellmError 'file-not-found' | 'permission-denied'
 */
export async function fileStamp(paths: readonly string[]): Promise<string> {
  const stamps = []
  for (const path of paths) {
    const { size, mtimeMs } = await stat(path).catch((error: unknown) => {
      throw describeSystemError(error, path)
    })
    stamps.push([path, size, mtimeMs])
  }
  return JSON.stringify(stamps)
}
