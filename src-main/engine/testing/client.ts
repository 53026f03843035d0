import { MessageChannel } from 'node:worker_threads'
import { createORPCClient, isDefinedError } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import type { contract, EngineError, RunEvent, RunStatus, RunSummary } from '../../contract/index.ts'
import type { Engine } from '../engine.ts'

export type Client = ContractRouterClient<typeof contract>

/** A renderer's side of an engine, over a real message channel. */
export interface ConnectedClient {
  readonly client: Client
  /** Sends anything at all to the engine. */
  readonly send: (message: unknown) => void
  readonly close: () => void
}

export function connectTo(engine: Engine): ConnectedClient {
  const { port1, port2 } = new MessageChannel()
  engine.connect(port1)
  return {
    client: createORPCClient(new RPCLink({ port: port2 })),
    send: (message) => port2.postMessage(message),
    close: () => port2.close(),
  }
}

/** The error that a call ends with, as the contract has it. */
export async function engineErrorOf(call: Promise<unknown>): Promise<EngineError> {
  try {
    await call
  } catch (error) {
    if (isDefinedError(error)) return (error as { data: EngineError }).data
    throw error
  }
  throw new Error('the call succeeded')
}

/** Waits until a run has one of some statuses. */
export async function untilStatus(client: Client, id: string, ...statuses: RunStatus[]): Promise<RunSummary> {
  const controller = new AbortController()
  const changes = await client.runs.watch(undefined, { signal: controller.signal })
  try {
    const now = await client.runs.get({ id })
    if (statuses.includes(now.status)) return now
    for await (const change of changes)
      if (change.type === 'changed' && change.run.id === id && statuses.includes(change.run.status))
        return change.run
    throw new Error('the engine closed')
  } finally {
    controller.abort()
  }
}

/** What happens in a run up to the first event that `isLast` accepts. */
export async function eventsUntil(
  client: Client,
  id: string,
  afterStep: number,
  isLast: (event: RunEvent) => boolean,
): Promise<RunEvent[]> {
  const events: RunEvent[] = []
  for await (const event of await client.runs.events({ id, afterStep })) {
    events.push(event)
    if (isLast(event)) break
  }
  return events
}
