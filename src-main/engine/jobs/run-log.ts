import { appendFileSync, existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { logLineSchema, type LogLine } from '../../contract/index.ts'
import { describeSystemError } from '../../base/errors.ts'
import { writeFileAtomically } from '../../base/atomic-file.ts'
import { descriptionFile, logFile } from '../../runs/index.ts'

/** Sentences on what happened in a run, oldest first, kept in its folder. */
export interface RunLog {
  readonly lines: readonly LogLine[]
  /** Adds a line, whose time is later than that of all before. */
  add(level: LogLine['level'], message: string): LogLine
}

const keptLines = 1_000
const keptCharacters = 2_000
const maxBytes = 4 << 20

/**
 * Opens the log of a run whose folder may not exist yet: its first lines are then written with the first line
 * after it does. A log that has grown too long loses its oldest lines.
 */
export async function openRunLog(folder: string): Promise<RunLog> {
  const path = join(folder, logFile)
  const lines = await readRunLog(folder)
  if ((await bytesOf(path)) > maxBytes)
    await writeFileAtomically(path, (file) => file.writeFile(lines.map(asText).join('')))
  let unwritten: LogLine[] = []
  return {
    lines,
    add: (level, message) => {
      const last = lines.at(-1)
      const now = Math.max(Date.now(), last ? Date.parse(last.at) + 1 : 0)
      const line = { at: new Date(now).toISOString(), level, message: message.slice(0, keptCharacters) }
      lines.push(line)
      if (lines.length > keptLines) lines.shift()
      unwritten.push(line)
      // At once, so that no write is under way when the run's folder is discarded. A run has few lines.
      if (existsSync(join(folder, descriptionFile))) {
        try {
          appendFileSync(path, unwritten.map(asText).join(''))
          unwritten = []
        } catch (error) {
          // They are written with the next line; a full disk ends the run by itself.
          console.error(describeSystemError(error, path))
        }
      }
      return line
    },
  }
}

/** The last lines of a run's log; what can't be read is passed over. Needs no lock. */
export async function readRunLog(folder: string): Promise<LogLine[]> {
  const path = join(folder, logFile)
  if ((await bytesOf(path)) > 2 * maxBytes) return []
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return ''
    throw describeSystemError(error, path)
  })
  return text
    .split('\n')
    .slice(-keptLines - 1)
    .map(parseLine)
    .filter((line) => line !== null)
}

function parseLine(text: string): LogLine | null {
  try {
    return logLineSchema.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}

const asText = (line: LogLine) => `${JSON.stringify(line)}\n`

async function bytesOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (isMissing(error)) return 0
    throw describeSystemError(error, path)
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}
