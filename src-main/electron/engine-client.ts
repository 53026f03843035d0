import { createORPCClient } from '@orpc/client'
import { RPCLink, type SupportedMessagePort } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import type { contract } from '../contract/index.ts'

/** The engine as the main process asks it, by the same contract as the page. */
export type EngineClient = ContractRouterClient<typeof contract>

/** @param port a port whose other end the engine answers */
export function engineClient(port: SupportedMessagePort): EngineClient {
  return createORPCClient(new RPCLink({ port }))
}
