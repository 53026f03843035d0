import { CancelledError, SpellmError, type ErrorCode } from '../base/errors.ts'

/** Something went wrong on the way that may go right the next time. */
export class TransferFault extends Error {
  readonly code: ErrorCode
  /** What the server asked for, in milliseconds. */
  readonly retryAfter: number | null
  constructor(
    message: string,
    {
      code = 'network-failed',
      retryAfter = null,
      cause,
    }: {
      readonly code?: ErrorCode
      readonly retryAfter?: number | null
      readonly cause?: unknown
    } = {},
  ) {
    super(message, { cause })
    this.code = code
    this.retryAfter = retryAfter
  }
}

export interface RetryOptions {
  /** What is fetched, for messages. */
  readonly what: string
  readonly signal: AbortSignal
  readonly onNotice: (message: string) => void
  /** The first waiting time, in milliseconds; it doubles with each failure in a row. */
  readonly retryDelay: number
  /** Bytes that have arrived so far, at most as many as there are: an attempt that brought many was no failure. */
  readonly bytesArrived?: () => number
}

const maxRetries = 5
const maxBackoff = 30_000
/** A server that asks for more patience is not waited for. */
const maxRetryAfter = 120_000
/** An attempt that brought at least this much resets the count of failures. */
const progressBytes = 1 << 20

/**
 * Calls `attempt` until it succeeds; after a TransferFault it waits, longer each time.
 *
 * @throws SpellmError with the fault's code after five failures in a row; CancelledError; every other error of
 *   `attempt` at once
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  { what, signal, onNotice, retryDelay, bytesArrived = () => 0 }: RetryOptions,
): Promise<T> {
  for (let failures = 0; ;) {
    const before = bytesArrived()
    try {
      return await attempt()
    } catch (error) {
      if (signal.aborted) throw new CancelledError()
      if (!(error instanceof TransferFault)) throw error
      failures = bytesArrived() - before >= progressBytes ? 1 : failures + 1
      const delay = error.retryAfter ?? jittered(Math.min(retryDelay * 2 ** (failures - 1), maxBackoff))
      if (failures > maxRetries || delay > maxRetryAfter) throw gaveUp(what, error)
      onNotice(`${what}: ${error.message}; trying again in ${Math.ceil(delay / 1000)} s.`)
      await sleep(delay, signal)
    }
  }
}

/** Between half of the time and the whole, so that many clients don't come back at the same moment. */
function jittered(milliseconds: number): number {
  return milliseconds * (0.5 + Math.random() / 2)
}

function gaveUp(what: string, fault: TransferFault): SpellmError {
  const wait =
    fault.retryAfter !== null && fault.retryAfter > maxRetryAfter
      ? ` The Hub asks clients to retry in ${Math.ceil(fault.retryAfter / 60_000)} minutes.`
      : ''
  return new SpellmError(
    fault.code,
    `${what}: ${fault.message}.${wait}`,
    'Check the connection and start the download again, now or later: it resumes where it stopped.',
    { cause: fault },
  )
}

/** Waits. Throws CancelledError as soon as the signal fires. */
export function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new CancelledError())
      return
    }
    const onAbort = () => {
      clearTimeout(timer)
      reject(new CancelledError())
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }, milliseconds)
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
