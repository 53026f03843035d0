import { useEffect, useEffectEvent } from 'react'
import { useConnection } from './engine.ts'

/**
 * Listens to a stream of the engine while the component is there, and subscribes again after each reconnection.
 *
 * @param key listens again when it changes; null: don't listen
 */
export function useEvents<T>(
  key: string | null,
  open: (signal: AbortSignal) => Promise<AsyncIterable<T>>,
  onEvent: (event: T) => void,
  onError: (error: unknown) => void,
): void {
  const epoch = useConnection((connection) => (connection.status === 'open' ? connection.epoch : null))
  const openNow = useEffectEvent(open)
  const tell = useEffectEvent(onEvent)
  const tellError = useEffectEvent(onError)
  useEffect(() => {
    if (key === null || epoch === null) return
    const controller = new AbortController()
    const listen = async () => {
      try {
        for await (const event of await openNow(controller.signal)) {
          if (controller.signal.aborted) return
          tell(event)
        }
      } catch (error) {
        // A lost connection is shown by the connection's own notice, and heals.
        if (!controller.signal.aborted && useConnection.getState().status === 'open') tellError(error)
      }
    }
    void listen()
    return () => controller.abort()
  }, [key, epoch])
}
