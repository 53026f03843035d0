import { once } from 'node:events'
import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/websocket'
import type { ConversionRequest } from '../../src-main/contract/index.ts'
import { enter, openSocket, visited } from '../../src-main/web/testing/requests.ts'
import { untilStatus, type Client } from '../../src-main/engine/testing/client.ts'
import { startBrowserHost } from './browser-host.ts'

/** Names of the runs in prepared data, in the order of their making. */
export const preparedRuns = ['narrow', 'wide'] as const

// Characters alone: every mode has its own choices, and the console shows a spelling for each token.
const common = { base: 'sample', texts: [], tokens: 16_384, batchTokens: 512, tokenSymbols: 0 }
const requests: Record<(typeof preparedRuns)[number], ConversionRequest> = {
  narrow: { ...common, k: 8, adapterWidths: [32], epochs: 2, mode: 'gated' },
  // With something to clean up.
  wide: { ...common, k: 12, adapterWidths: [256], epochs: 6, keepCache: true },
}

/** Fills a data folder with finished conversions of the sample model, as small as they can be. */
export async function prepareData(dataFolder: string): Promise<void> {
  const host = await startBrowserHost(dataFolder)
  try {
    const server = visited(host.url)
    const socket = openSocket(server, { Cookie: await enter(server) })
    await once(socket, 'open')
    const engine: Client = createORPCClient(new RPCLink({ websocket: socket as never }))
    for (const name of preparedRuns) {
      await engine.runs.start({ name, request: requests[name] })
      const { status, problem } = await untilStatus(engine, name, 'finished', 'failed')
      if (status === 'failed') throw new Error(`The conversion failed: ${problem?.message ?? 'no reason'}`)
    }
    socket.close()
  } finally {
    await host.stop()
  }
}
