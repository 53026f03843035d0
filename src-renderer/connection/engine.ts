import { createORPCClient, isDefinedError } from '@orpc/client'
import type { ContractRouterClient } from '@orpc/contract'
import { createTanstackQueryUtils } from '@orpc/tanstack-query'
import { QueryClient } from '@tanstack/react-query'
import { create } from 'zustand'
import type { contract, EngineError } from '../../src-main/contract/index.ts'
import { strings } from '../strings/index.ts'
import { connect, type EngineLink } from './transport.ts'

export type EngineClient = ContractRouterClient<typeof contract>

type Connection =
  | { readonly status: 'connecting' | 'lost' }
  /** `epoch` counts the connections: subscriptions start again with each. */
  | { readonly status: 'open'; readonly epoch: number }
  | { readonly status: 'failed'; readonly reason: string }

/** The state of the connection to the engine. */
export const useConnection = create<Connection>(() => ({ status: 'connecting' }))

/** Answers of the engine, kept until they may have changed. */
export const queryClient = new QueryClient({
  defaultOptions: { queries: { retry: false, refetchOnWindowFocus: false, staleTime: 5_000 } },
})

let epoch = 0
let opened: EngineLink | null = null
let waiting: ((link: EngineLink) => void)[] = []

/** Calls made before the connection is there wait for it. */
function currentLink(): Promise<EngineLink> {
  return opened ? Promise.resolve(opened) : new Promise((resolve) => waiting.push(resolve))
}

const link: EngineLink = {
  call: async (path, input, options) => (await currentLink()).call(path, input, options),
}

/** The engine's procedures. They reject with `EngineError`s (see `describeError`). */
export const engine: EngineClient = createORPCClient(link)

/** The same as options for `useQuery` and `useMutation`. */
export const queries = createTanstackQueryUtils(engine)

/** Starts connecting. To be called once. */
export function startConnection(): void {
  connect({
    opened: (fresh) => {
      opened = fresh
      for (const resolve of waiting) resolve(fresh)
      waiting = []
      useConnection.setState({ status: 'open', epoch: ++epoch }, true)
      void queryClient.invalidateQueries()
    },
    lost: () => {
      opened = null
      if (useConnection.getState().status === 'open') useConnection.setState({ status: 'lost' }, true)
    },
    failed: (reason) => {
      opened = null
      useConnection.setState({ status: 'failed', reason }, true)
    },
  })
}

/** What went wrong with a call, for a person: the engine's own words where it has some. */
export function describeError(error: unknown): EngineError {
  if (isDefinedError(error)) return (error as { data: EngineError }).data
  const { connectionFailed, connectionFailedRemedy, callLost, callLostRemedy, defectRemedy } = strings.app
  const { status } = useConnection.getState()
  if (status === 'failed')
    return { code: 'connection-failed', message: connectionFailed, remedy: connectionFailedRemedy }
  if (status !== 'open') return { code: 'connection-lost', message: callLost, remedy: callLostRemedy }
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'defect', message, remedy: defectRemedy }
}
