import { SpellmError } from '../../base/errors.ts'
import { startEngine, type EngineOptions } from '../engine.ts'
import type { LastWords, LifecycleRequest } from './lifecycle-messages.ts'

type Port = Parameters<Awaited<ReturnType<typeof startEngine>>['connect']>[0]

/** The engine within its process, which starts and ends with it. */
export interface EngineLifecycle {
  /** Does what the host asks for. */
  receive(request: LifecycleRequest): void
  /** Answers on a port; resolves when the engine is there and listens. */
  connect(port: Port): Promise<void>
  /** Saves the work and ends the process. */
  stop(): void
}

/**
 * Ties the engine to this process: what the engine can't get over ends the process, with a reason for the
 * host.
 *
 * @param tell gives the last words to the host, then calls back
 * @param services what this host does for the engine
 */
export function engineLifecycle(
  tell: (lastWords: LastWords, told: () => void) => void,
  services: Pick<EngineOptions, 'runProbe' | 'keyStore'> = {},
): EngineLifecycle {
  let engine: ReturnType<typeof startEngine> | null = null
  let hasFailed = false

  // What fails after the first failure is a consequence.
  const fail = (error: unknown): void => {
    if (hasFailed) return
    hasFailed = true
    if (process.env['SPELLM_DEBUG']) console.error(error)
    tell(describeFailure(error), () => process.exit(1))
  }
  const stop = async (): Promise<void> => {
    const running = await engine
    await running?.close()
    process.exit(0)
  }
  process.on('uncaughtException', fail)
  // The terminal sends Ctrl-C to the whole process group; the host decides what becomes of it.
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => undefined)

  return {
    receive: (request) => {
      if (request.kind === 'stop') stop().catch(fail)
      else {
        const { dataFolder, crash } = request
        engine = startEngine({ dataFolder, crash, ...services })
      }
      engine?.catch(fail)
    },
    connect: async (port) => {
      const running = await engine?.catch(fail)
      running?.connect(port)
    },
    stop: () => void stop().catch(fail),
  }
}

/** A SpellmError while starting is about this machine, such as a folder that can't be written. */
function describeFailure(error: unknown): LastWords {
  if (error instanceof SpellmError)
    return { kind: 'failed', reason: `${error.message} ${error.remedy}`, canRestart: false }
  return { kind: 'failed', reason: error instanceof Error ? error.message : String(error), canRestart: true }
}
