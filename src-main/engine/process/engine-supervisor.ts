import type { EngineCrash, LastWords } from './lifecycle-messages.ts'

/** How an engine process ended: as asked; by a crash; or because it can't work here, now or in a moment. */
export type EngineEnd =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'crashed'; readonly reason: string }
  | { readonly kind: 'unable'; readonly reason: string }

/** A process that runs the engine, as its host sees it. */
export interface EngineProcess {
  readonly ended: Promise<EngineEnd>
  /** Asks it to save its work and end; `ended` tells when it has. */
  stop(): void
  /** Ends it at once. Its runs can be continued from their last checkpoints. */
  kill(): void
}

export interface EngineSupervisorOptions<Process extends EngineProcess> {
  /** Starts a process; `crash` is how the one before it ended. */
  start(crash: EngineCrash | null): Process
  /** A process was started: the first one, or the next one after a crash. */
  onStarted(process: Process, crash: EngineCrash | null): void
  /** No other process will be started. */
  onGivenUp(reason: string): void
}

export interface EngineSupervisor<Process extends EngineProcess> {
  /** The process that lives now; null after the end. */
  readonly process: Process | null
  /** Why no engine lives any more; null while one does. */
  readonly failure: string | null
  /** Stops the engine; resolves when it is gone. */
  stop(): Promise<void>
  /** Ends the engine at once, also one that is stopping. */
  kill(): void
}

const crashLimit = 3
const crashWindowMilliseconds = 60_000

/**
 * Keeps an engine process alive: when it dies, another one learns how and takes its place. After three
 * crashes within a minute no other one is started, because the next would fare no better.
 */
export function superviseEngine<Process extends EngineProcess>(
  options: EngineSupervisorOptions<Process>,
): EngineSupervisor<Process> {
  let current: Process | null = null
  let failure: string | null = null
  let isStopping = false
  let crashTimes: number[] = []

  const start = (crash: EngineCrash | null): void => {
    const started = options.start(crash)
    current = started
    void started.ended.then(afterwards)
    options.onStarted(started, crash)
  }
  const afterwards = (end: EngineEnd): void => {
    current = null
    if (isStopping || end.kind === 'stopped') return
    if (end.kind === 'unable') {
      giveUp(end.reason)
      return
    }
    const { reason } = end
    const now = performance.now()
    crashTimes = [...crashTimes.filter((time) => now - time < crashWindowMilliseconds), now]
    if (crashTimes.length >= crashLimit) {
      giveUp(`The engine crashed ${crashLimit} times within a minute. ${reason}`)
      return
    }
    start({ at: new Date().toISOString(), reason })
  }
  const giveUp = (reason: string): void => {
    failure = reason
    options.onGivenUp(reason)
  }

  start(null)
  return {
    get process() {
      return current
    },
    get failure() {
      return failure
    },
    stop: async () => {
      isStopping = true
      const last = current
      last?.stop()
      await last?.ended
    },
    kill: () => {
      isStopping = true
      current?.kill()
    },
  }
}

/**
 * How an engine process ended, from what its host saw of it.
 *
 * @param how the exit code or the signal
 */
export function describeEnd(
  lastWords: LastWords | null,
  isStopping: boolean,
  how: { readonly code: number | null; readonly signal: string | null },
): EngineEnd {
  if (lastWords) return { kind: lastWords.canRestart ? 'crashed' : 'unable', reason: lastWords.reason }
  if (isStopping && how.code === 0) return { kind: 'stopped' }
  return { kind: 'crashed', reason: describeExit(how) }
}

function describeExit({ code, signal }: { code: number | null; signal: string | null }): string {
  if (signal === 'SIGKILL') return 'The engine was killed (SIGKILL), as the system does when memory runs out.'
  return signal
    ? `The engine process was ended by ${signal}.`
    : `The engine process ended with code ${code ?? 'unknown'}.`
}
