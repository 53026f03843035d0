import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { z } from 'zod'
import { describeSystemError, SpellmError } from '../base/errors.ts'
import { writeFileAtomically } from '../base/atomic-file.ts'

/** Longest line of a metrics file, in bytes without the newline. */
export const maxLineBytes = 1 << 20

/** Events wait in memory until their lines fill this many bytes. */
const flushBytes = 1 << 16

const newline = 0x0a

/** What every event has; the rest is the caller's. `step` counts finished optimiser steps. */
export interface MetricsEvent {
  readonly step: number
}

const eventSchema = z.looseObject({ step: z.int().nonnegative() })

/** The metrics file of a run that this process has locked. One JSON object a line, in order of writing. */
export interface MetricsLog {
  /** Adds an event, and writes when enough have come together. Throws RangeError for a line over 1 MiB. */
  append(event: MetricsEvent): Promise<void>
  /** Hands all events to the operating system: from here on they survive the end of the process. */
  flush(): Promise<void>
  /** Flushes, and waits for the disk: from here on the events survive a power cut too. */
  sync(): Promise<void>
  /** Drops all events of later steps and all unreadable lines; returns how many of the latter there were. */
  dropAfter(step: number): Promise<number>
  /** Flushes and closes the file. */
  close(): Promise<void>
}

/**
 * Opens or creates a metrics file for writing, and cuts off a torn last line.
 *
 * After a failed write (disk full) the events stay in memory, and the next flush writes them again at the
 * same place.
 *
 * @throws SpellmError as of `describeSystemError`; so do the methods
 */
export async function openMetricsLog(path: string): Promise<MetricsLog> {
  let { file, size } = await openWhole(path)
  let waiting: Buffer[] = []
  let waitingBytes = 0
  let last: Promise<unknown> = Promise.resolve()

  /** Runs the tasks one after the other, whether or not those before succeeded. */
  function queued<T>(task: () => Promise<T>): Promise<T> {
    const result = last.then(task, task).catch((error: unknown) => {
      throw describeSystemError(error, path)
    })
    last = result
    return result
  }

  async function writeWaiting(): Promise<void> {
    const lines = waiting
    if (lines.length === 0) return
    waiting = []
    waitingBytes = 0
    const bytes = Buffer.concat(lines)
    try {
      await writeAll(file, bytes, size)
      size += bytes.length
    } catch (error) {
      waiting = [bytes, ...waiting]
      waitingBytes += bytes.length
      throw error
    }
  }

  const flush = () => queued(writeWaiting)

  return {
    append: async (event) => {
      const line = Buffer.from(`${JSON.stringify(event)}\n`)
      if (line.length > maxLineBytes)
        throw new RangeError(`a metrics event of ${line.length} bytes; the limit is ${maxLineBytes}`)
      waiting.push(line)
      waitingBytes += line.length
      if (waitingBytes >= flushBytes) await flush()
    },
    flush,
    sync: () =>
      queued(async () => {
        await writeWaiting()
        await file.datasync()
      }),
    dropAfter: (step) =>
      queued(async () => {
        await writeWaiting()
        // Windows replaces no file that is open.
        await file.close()
        try {
          return await rewriteUpTo(path, step)
        } finally {
          ;({ file, size } = await openWhole(path))
        }
      }),
    close: () =>
      queued(async () => {
        try {
          await writeWaiting()
        } finally {
          await file.close()
        }
      }),
  }
}

async function openWhole(path: string): Promise<{ file: FileHandle; size: number }> {
  let file: FileHandle | undefined
  try {
    file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o666)
    const { size } = await file.stat()
    const whole = await wholeLinesBytes(file, size)
    if (whole < size) await file.truncate(whole)
    return { file, size: whole }
  } catch (error) {
    await file?.close()
    throw describeSystemError(error, path)
  }
}

/** Length of the part of a file that ends with its last newline: what follows is a torn line. */
async function wholeLinesBytes(file: FileHandle, size: number): Promise<number> {
  const block = Buffer.alloc(Math.min(size, flushBytes))
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - block.length)
    const { bytesRead } = await file.read(block, 0, end - start, start)
    const found = block.subarray(0, bytesRead).lastIndexOf(newline)
    if (found >= 0) return start + found + 1
    end = start
  }
  return 0
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

async function rewriteUpTo(path: string, step: number): Promise<number> {
  let unreadable = 0
  await writeFileAtomically(path, async (file) => {
    let batch: string[] = []
    let position = 0
    const writeBatch = async () => {
      const bytes = Buffer.from(batch.join(''))
      batch = []
      await writeAll(file, bytes, position)
      position += bytes.length
    }
    for await (const line of readLines(path)) {
      const event = line === null ? null : parseEvent(line)
      if (event === null) unreadable++
      else if (event.step <= step) batch.push(`${line!}\n`)
      if (batch.length >= 1024) await writeBatch()
    }
    await writeBatch()
  })
  return unreadable
}

function parseEvent(line: string): MetricsEvent | null {
  const parsed = eventSchema.safeParse(parseJson(line))
  return parsed.success ? parsed.data : null
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * The events of a metrics file, from first to last, in constant memory. A torn last line is left out; a file
 * that doesn't exist has no events. Needs no lock: may be called while another process writes.
 *
 * @throws SpellmError 'run-corrupt' at a line that isn't JSON, doesn't fit the schema, or is over 1 MiB
 */
export async function* readMetricsFile<T>(path: string, schema: z.ZodType<T>): AsyncGenerator<T> {
  let number = 0
  for await (const line of readLines(path)) {
    number++
    const parsed = schema.safeParse(line === null ? undefined : parseJson(line))
    if (!parsed.success)
      throw new SpellmError(
        'run-corrupt',
        `${path}, line ${number}: ${line === null ? `longer than ${maxLineBytes} bytes` : z.prettifyError(parsed.error)}`,
        'Continue the run: lines that are not readable are then left out.',
      )
    yield parsed.data
  }
}

/** The lines of a file that end with a newline; null for one over the limit, whose text is not kept. */
async function* readLines(path: string): AsyncGenerator<string | null> {
  try {
    const file = await open(path, 'r')
    try {
      const splitter = lineSplitter(maxLineBytes)
      for await (const block of file.createReadStream({ autoClose: false, highWaterMark: flushBytes }))
        yield* splitter(block as Buffer)
    } finally {
      await file.close()
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw describeSystemError(error, path)
  }
}

/**
 * Turns blocks of bytes, one after the other, into the lines that they complete. A line over `maxBytes`
 * comes out as null, and never takes more memory than that.
 */
export function lineSplitter(maxBytes: number): (block: Buffer) => Generator<string | null> {
  let parts: Buffer[] = []
  let bytes = 0
  return function* (block) {
    for (let start = 0; start < block.length;) {
      const found = block.indexOf(newline, start)
      const end = found < 0 ? block.length : found
      bytes += end - start
      if (bytes <= maxBytes) parts.push(block.subarray(start, end))
      else parts = []
      if (found >= 0) {
        yield bytes <= maxBytes ? Buffer.concat(parts).toString('utf8') : null
        parts = []
        bytes = 0
      }
      start = end + 1
    }
  }
}
