import { superviseEngine } from '../engine/process/engine-supervisor.ts'
import { startEngineChild } from './engine-child.ts'
import { startStudioServer } from './server.ts'

export interface StudioOptions {
  /** The built renderer. */
  readonly rendererFolder: string
  /** Where the engine keeps settings and runs. */
  readonly dataFolder: string
  readonly address: string
  /** 0: any free one. */
  readonly port: number
  /** Lines for the terminal. */
  readonly log: (message: string) => void
  /** Arguments of Node.js for the engine process; as this process has them by default. */
  readonly execArgv?: readonly string[]
}

export interface Studio {
  readonly port: number
  /** The addresses that open the studio. They carry the token. */
  readonly urls: readonly string[]
  /** The engine's process id; undefined when none lives. */
  readonly enginePid: number | undefined
  /** Closes the browsers' connections, lets the engine save its work, and resolves when all has ended. */
  close(): Promise<void>
  /** Ends the engine without saving. */
  kill(): void
}

/**
 * Opens the studio for browsers: the server and, in a process of its own, the engine, which is started again
 * when it dies.
 *
 * @throws SpellmError as `startStudioServer`
 */
export async function openStudio(options: StudioOptions): Promise<Studio> {
  const { dataFolder, execArgv, log } = options
  const server = await startStudioServer({
    ...options,
    engine: {
      connect: (onMessage) =>
        supervisor.process?.connect(onMessage) ?? {
          failure: supervisor.failure ?? 'The studio is closing.',
        },
    },
  })
  const supervisor = superviseEngine({
    start: (crash) => startEngineChild({ dataFolder, crash, ...(execArgv ? { execArgv } : {}) }),
    onStarted: (_, crash) => {
      if (crash === null) return
      log(`${crash.reason} It was started again.`)
      server.dropConnections()
    },
    onGivenUp: (reason) => {
      log(`${reason} The engine can't continue: quit the studio and start it again.`)
      server.refuseConnections(reason)
    },
  })
  return {
    port: server.port,
    urls: server.urls,
    get enginePid() {
      return supervisor.process?.pid
    },
    close: async () => {
      await Promise.all([server.close(), supervisor.stop()])
    },
    kill: () => supervisor.kill(),
  }
}
