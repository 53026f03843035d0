import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { describeSystemError } from '../base/errors.ts'

/**
 * SHA-256 over a file's contents. Streams.
 *
 * @returns 64 hexadecimal digits
 * @throws SpellmError for errors of the operating system
 */
export async function hashFile(path: string): Promise<string> {
  const contents = createHash('sha256')
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 }))
      contents.update(piece as Buffer)
  } catch (error) {
    throw describeSystemError(error, path)
  }
  return contents.digest('hex')
}

/**
 * SHA-256 over the names and contents of files, in the order given: the identity of a model. Streams.
 *
 * @returns 64 hexadecimal digits
 * @throws SpellmError for errors of the operating system
 */
export async function hashFiles(paths: readonly string[]): Promise<string> {
  const whole = createHash('sha256')
  for (const path of paths) whole.update(`${basename(path)}\n${await hashFile(path)}\n`)
  return whole.digest('hex')
}
