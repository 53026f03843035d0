import { rename } from 'node:fs/promises'
import type { z } from 'zod'
import { SpellmError } from '../../base/errors.ts'
import { writeJsonAtomically } from '../../base/atomic-file.ts'
import { readJsonFile } from '../../formats/json-file.ts'

/** A value in memory that a JSON file keeps beyond the end of the process. */
export interface JsonStore<T> {
  readonly value: T
  /**
   * Sets the value at once, and resolves when it is on disk.
   *
   * @throws SpellmError 'disk-full' | 'permission-denied'; the value is set in memory nevertheless
   */
  set(value: T): Promise<void>
}

const maxBytes = 64 << 20

/**
 * Opens a store. A file that can't be read as what it should be is moved aside to `NAME.damaged`, so that it
 * never keeps the program from starting.
 *
 * @throws SpellmError 'permission-denied'
 */
export async function openJsonStore<T>(
  path: string,
  schema: z.ZodType<T>,
  initial: T,
): Promise<JsonStore<T>> {
  let value = initial
  let written: Promise<void> = Promise.resolve()
  try {
    value = await readJsonFile(path, schema, { maxBytes })
  } catch (error) {
    if (!(error instanceof SpellmError) || error.code === 'permission-denied') throw error
    if (error.code !== 'file-not-found') {
      console.error(`${error.message} It was moved to ${path}.damaged.`)
      await rename(path, `${path}.damaged`)
    }
  }
  return {
    get value() {
      return value
    },
    set: (next) => {
      value = next
      const write = () => writeJsonAtomically(path, value)
      // One after the other, whether or not those before succeeded.
      written = written.then(write, write)
      return written
    },
  }
}
