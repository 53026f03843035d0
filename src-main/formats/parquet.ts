import { spawn } from 'node:child_process'
import { readFile, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { z } from 'zod'
import { CancelledError, describeSystemError, SpellmError } from '../base/errors.ts'

/** What a Parquet file may hold at most: nobody vouches for one. */
export interface ParquetLimits {
  /** Maximum bytes of the file. */
  readonly maxBytes: number
  readonly maxRows: number
  /** Until the decoder is given up. Default: 60,000. */
  readonly milliseconds?: number
  /** Stops the decoder. */
  readonly signal?: AbortSignal | undefined
}

const program = join(import.meta.dirname, 'parquet', `parquet-process${extname(import.meta.filename)}`)
const decoderMegabytes = 512
const maxAnswerBytes = 256 << 20

const answerSchema = z.union([
  z.object({ rows: z.array(z.record(z.string(), z.unknown())) }),
  z.object({ problem: z.string() }),
])

/**
 * Reads rows of a Parquet file, as JSON has them; the columns of each are to be checked by a schema. It is decoded in a
 * process of its own with little memory and time, because a file of a few bytes can ask the decoder for values
 * without end. The host must be Node.js itself.
 *
 * @param columns those that are read; of a structure, all of its fields
 * @throws SpellmError 'file-not-found' | 'permission-denied' | 'file-invalid' (no Parquet, damaged, too large, or
 *   without one of the columns); CancelledError when the signal fires
 */
export async function readParquet(
  path: string,
  columns: readonly string[],
  { maxBytes, maxRows, milliseconds = 60_000, signal }: ParquetLimits,
): Promise<Readonly<Record<string, unknown>>[]> {
  const bytes = await readBounded(path, maxBytes)
  const { answer, end } = await decodeApart(bytes, JSON.stringify({ columns, maxRows }), milliseconds, signal)
  if (signal?.aborted) throw new CancelledError()
  if (end !== null) throw invalid(path, `can't be decoded: ${end}`)
  const parsed = answerSchema.parse(JSON.parse(answer))
  if ('problem' in parsed) throw invalid(path, `is not a Parquet file that can be read: ${parsed.problem}`)
  return parsed.rows
}

async function readBounded(path: string, maxBytes: number): Promise<Buffer> {
  try {
    const { size } = await stat(path)
    if (size > maxBytes) throw invalid(path, `has ${size} bytes; at most ${maxBytes} are expected`)
    return await readFile(path)
  } catch (error) {
    throw describeSystemError(error, path)
  }
}

/** What the decoder's process says, and how it ended if not by itself. */
interface DecoderOutput {
  readonly answer: string
  readonly end: string | null
}

function decodeApart(
  bytes: Buffer,
  wish: string,
  milliseconds: number,
  signal: AbortSignal | undefined,
): Promise<DecoderOutput> {
  return new Promise((resolve) => {
    const loader = extname(program) === '.ts' ? ['--import', 'tsx'] : []
    const memory = `--max-old-space-size=${decoderMegabytes}`
    const child = spawn(process.execPath, [memory, ...loader, program, wish], {
      stdio: ['pipe', 'pipe', 'ignore'],
      windowsHide: true,
    })
    const pieces: Buffer[] = []
    let length = 0
    let reason: string | null = null
    const stop = (why: string) => {
      reason ??= why
      child.kill('SIGKILL')
    }
    const cancel = () => stop('stopped on request')
    const timer = setTimeout(() => stop(`it takes longer than ${milliseconds / 1000} s`), milliseconds)
    const finish = (end: string | null) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', cancel)
      resolve({ answer: Buffer.concat(pieces).toString('utf8'), end: reason ?? end })
    }
    signal?.addEventListener('abort', cancel)
    if (signal?.aborted) cancel()
    child.stdout.on('data', (piece: Buffer) => {
      length += piece.length
      if (length > maxAnswerBytes) stop(`its rows have more than ${maxAnswerBytes} bytes`)
      else pieces.push(piece)
    })
    child.on('error', ({ message }) => finish(message))
    child.on('close', (code, killedBy) =>
      finish(code === 0 ? null : `the decoder ended with ${killedBy ?? `exit code ${code}`}`),
    )
    // A decoder that ended early doesn't read on, and its end says why.
    child.stdin.on('error', () => undefined)
    child.stdin.end(bytes)
  })
}

function invalid(path: string, problem: string): SpellmError {
  return new SpellmError(
    'file-invalid',
    `${path} ${problem}.`,
    'Remove this file, and let it be fetched again.',
  )
}
