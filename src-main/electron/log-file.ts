import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

const maxBytes = 1024 * 1024

/**
 * A log for those who look for the cause of something: lines with their time, appended to a file that is put
 * aside (`.old`) when it has a megabyte. Also written to standard error. Written at once, so that the last
 * line before a crash is there.
 */
export function openLogFile(path: string): (text: string) => void {
  mkdirSync(dirname(path), { recursive: true })
  return (text) => {
    const line = `${new Date().toISOString()} ${text.trimEnd()}\n`
    process.stderr.write(line)
    try {
      if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > maxBytes) renameSync(path, `${path}.old`)
      appendFileSync(path, line)
    } catch (error) {
      // A log that can't be written, on a full disk for one, must not end the program.
      process.stderr.write(`${path}: ${error instanceof Error ? error.message : String(error)}\n`)
    }
  }
}
