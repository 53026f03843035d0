import { MessageChannelMain, utilityProcess, type MessagePortMain } from 'electron'
import { join } from 'node:path'
import { z } from 'zod'
import { describeEnd, type EngineEnd, type EngineProcess } from '../engine/process/engine-supervisor.ts'
import {
  lastWordsSchema,
  type EngineCrash,
  type LastWords,
  type LifecycleRequest,
} from '../engine/process/lifecycle-messages.ts'
import { runProbe } from './probe-child.ts'
import { SpellmError } from '../base/errors.ts'
import type { KeyStore } from '../engine/library/token-store.ts'
import { probeRequestSchema, type ProbeRequest, type ProbeResponse } from './probe-messages.ts'
import { tokenRequestSchema, type TokenRequest, type TokenResponse } from './token-messages.ts'

/** The engine in Electron's utility process. */
export interface EngineChild extends EngineProcess {
  /** A new line to the engine: the end that is for the one who asks. */
  connect(): MessagePortMain
}

export interface EngineChildOptions {
  readonly dataFolder: string
  readonly crash: EngineCrash | null
  readonly keyStore: KeyStore
  /** What the process writes: warnings of libraries, and defects. */
  readonly log: (text: string) => void
}

const requestSchema = z.discriminatedUnion('kind', [lastWordsSchema, probeRequestSchema, tokenRequestSchema])

/** Starts the engine in a process of its own. Connections may be opened at once. */
export function startEngineChild({ dataFolder, crash, keyStore, log }: EngineChildOptions): EngineChild {
  const child = utilityProcess.fork(join(import.meta.dirname, 'engine-process.js'), [], {
    serviceName: 'SpeLLM engine',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let lastWords: LastWords | null = null
  let isStopping = false

  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (block: Buffer) => log(block.toString()))
  child.on('message', (message) => {
    const words = requestSchema.parse(message)
    if (words.kind === 'failed') lastWords = words
    else if (words.kind === 'probe') void answerProbe(words)
    else void answerToken(words)
  })
  const answerProbe = async ({ id, device }: ProbeRequest) => {
    const output = await runProbe(device)
    child.postMessage({ kind: 'probed', id, output } satisfies ProbeResponse)
  }
  const answerToken = async ({ id, request }: TokenRequest) => {
    const answer = await useKeyStore(keyStore, request)
    child.postMessage({ kind: 'token-answer', id, answer } satisfies TokenResponse)
  }
  const ended = new Promise<EngineEnd>((resolve) => {
    child.on('exit', (code) => resolve(describeEnd(lastWords, isStopping, { code, signal: null })))
  })
  const tell = (request: LifecycleRequest) => child.postMessage(request)
  tell({ kind: 'start', dataFolder, crash })

  return {
    ended,
    stop: () => {
      isStopping = true
      tell({ kind: 'stop' })
    },
    kill: () => {
      // Electron's own `kill` asks politely, and the engine leaves polite requests to its host.
      if (child.pid !== undefined) process.kill(child.pid, 'SIGKILL')
    },
    connect: () => {
      const { port1, port2 } = new MessageChannelMain()
      child.postMessage({ kind: 'connect' }, [port1])
      return port2
    },
  }
}

async function useKeyStore(
  keyStore: KeyStore,
  request: TokenRequest['request'],
): Promise<TokenResponse['answer']> {
  try {
    if (request.do === 'write') await keyStore.write(request.token)
    const kept = await keyStore.read()
    return kept ? { is: 'kept', token: kept.token } : { is: 'no-store' }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const remedy =
      error instanceof SpellmError ? error.remedy : 'Unlock the key store of this system, then try again.'
    return { is: 'failed', message, remedy }
  }
}
