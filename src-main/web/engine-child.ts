import { fork } from 'node:child_process'
import { extname, join } from 'node:path'
import { withHugePages } from '../runtime/huge-pages.ts'
import { describeEnd, type EngineEnd, type EngineProcess } from '../engine/process/engine-supervisor.ts'
import type { EngineCrash, LastWords } from '../engine/process/lifecycle-messages.ts'
import { toHostSchema, type ToEngine } from './relay.ts'

/** One browser's line to the engine. */
export interface EngineConnection {
  /** Passes on a message; resolves when it has left for the engine, which may be busy. */
  send(data: string): Promise<void>
  close(): void
}

/** The engine in a child process of the browser host. */
export interface EngineChild extends EngineProcess {
  readonly pid: number | undefined
  /** Opens a line; `onMessage` receives what the engine says on it. */
  connect(onMessage: (data: string) => void): EngineConnection
}

export interface EngineChildOptions {
  readonly dataFolder: string
  readonly crash: EngineCrash | null
  /** Arguments of Node.js for the child; as this process has them by default. */
  readonly execArgv?: readonly string[]
}

/** Starts the engine in a process of its own. Connections may be opened at once. */
export function startEngineChild({ dataFolder, crash, execArgv }: EngineChildOptions): EngineChild {
  const entry = join(import.meta.dirname, `engine-process${extname(import.meta.filename)}`)
  const child = fork(entry, [], {
    serialization: 'advanced',
    // Standard output belongs to the host.
    stdio: ['ignore', 2, 2, 'ipc'],
    env: withHugePages(process.env),
    ...(execArgv ? { execArgv: [...execArgv] } : {}),
  })
  const listeners = new Map<number, (data: string) => void>()
  let lastWords: LastWords | null = null
  let connections = 0
  let isStopping = false

  const tell = (message: ToEngine) =>
    new Promise<void>((resolve) => {
      if (!child.connected) resolve()
      // A message that can't be delivered any more needs no report: `ended` tells that the process is gone.
      else child.send(message, () => resolve())
    })

  child.on('message', (data) => {
    const message = toHostSchema.parse(data)
    if (message.kind === 'failed') lastWords = message
    else listeners.get(message.connection)?.(message.data)
  })
  const ended = new Promise<EngineEnd>((resolve) => {
    child.on('error', ({ message }) => {
      // With an id, it lives, and only a signal couldn't be sent.
      if (child.pid === undefined) resolve({ kind: 'unable', reason: message })
    })
    child.on('exit', (code, signal) => {
      listeners.clear()
      resolve(describeEnd(lastWords, isStopping, { code, signal }))
    })
  })
  void tell({ kind: 'start', dataFolder, crash })

  return {
    pid: child.pid,
    ended,
    stop: () => {
      isStopping = true
      void tell({ kind: 'stop' })
    },
    kill: () => void child.kill('SIGKILL'),
    connect: (onMessage) => {
      const connection = ++connections
      listeners.set(connection, onMessage)
      void tell({ kind: 'open', connection })
      return {
        send: (data) => tell({ kind: 'message', connection, data }),
        close: () => {
          listeners.delete(connection)
          void tell({ kind: 'close', connection })
        },
      }
    },
  }
}
