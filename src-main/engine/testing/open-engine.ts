import { startEngine, type Engine, type EngineOptions } from '../engine.ts'
import { connectTo, type ConnectedClient } from './client.ts'

/** An engine in this process, with one client. */
export interface OpenEngine extends Omit<ConnectedClient, 'close'> {
  readonly engine: Engine
  /** Closes the client's port, then the engine, which saves its work. */
  readonly close: () => Promise<void>
}

/**
 * Starts an engine, after which nothing crashed unless the options say so, and connects a client to it.
 *
 * @throws as `startEngine`
 */
export async function openEngine(
  options: Omit<EngineOptions, 'crash'> & Partial<Pick<EngineOptions, 'crash'>>,
): Promise<OpenEngine> {
  const engine = await startEngine({ crash: null, ...options })
  const { close, ...connected } = connectTo(engine)
  return {
    ...connected,
    engine,
    close: async () => {
      close()
      await engine.close()
    },
  }
}
