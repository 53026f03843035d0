import { open } from 'node:fs/promises'
import type { z } from 'zod'
import { describeSystemError, SpellmError } from '../base/errors.ts'

/**
 * Reads a JSON file and checks it against a schema.
 *
 * @throws SpellmError 'file-not-found' | 'permission-denied' | 'file-invalid' (too large, no JSON, or a field
 *   that isn't as expected, which the message names)
 */
export async function readJsonFile<T>(
  path: string,
  schema: z.ZodType<T>,
  { maxBytes }: { readonly maxBytes: number },
): Promise<T> {
  const text = await readTextFile(path, { maxBytes })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw invalid(path, `is not JSON (${error instanceof Error ? error.message : String(error)})`)
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  throw invalid(path, `${issue.path.length > 0 ? `field '${issue.path.join('.')}': ` : ''}${issue.message}`)
}

/**
 * Reads a text file as UTF-8, without a byte order mark.
 *
 * @throws SpellmError 'file-not-found' | 'permission-denied' | 'file-invalid' (too large)
 */
export async function readTextFile(
  path: string,
  { maxBytes }: { readonly maxBytes: number },
): Promise<string> {
  try {
    const file = await open(path)
    try {
      const { size } = await file.stat()
      if (size > maxBytes) throw invalid(path, `has ${size} bytes; at most ${maxBytes} are expected`)
      const buffer = Buffer.alloc(size)
      const { bytesRead } = await file.read(buffer, 0, size, 0)
      return buffer.toString('utf8', 0, bytesRead).replace(/^\uFEFF/, '')
    } finally {
      await file.close()
    }
  } catch (error) {
    throw describeSystemError(error, path)
  }
}

function invalid(path: string, problem: string): SpellmError {
  return new SpellmError('file-invalid', `${path}: ${problem}.`, 'Download or write this file again.')
}
