/**
 * The engine under the desktop host: Electron's utility process, started by `engine-child.ts`. Each window, and
 * the main process itself, has a port to it.
 */
import type { MessageEvent } from 'electron'
import { z } from 'zod'
import type { ProbeOutput } from '../runtime/devices/probe-child.ts'
import { engineLifecycle } from '../worker/engine-lifecycle.ts'
import { lifecycleRequestSchema } from '../worker/lifecycle-messages.ts'
import { probeResponseSchema, type ProbeRequest } from './probe-messages.ts'

const requestSchema = z.discriminatedUnion('kind', [
  lifecycleRequestSchema,
  /** Comes with a port. */
  z.object({ kind: z.literal('connect') }),
  probeResponseSchema,
])

const host = process.parentPort
let probeCount = 0
const probes = new Map<number, (output: ProbeOutput) => void>()

const engine = engineLifecycle(
  (lastWords, told) => {
    host.postMessage(lastWords)
    // Electron doesn't tell when a message has left.
    setTimeout(told, 100)
  },
  (device) =>
    new Promise((resolve) => {
      const id = probeCount++
      probes.set(id, resolve)
      host.postMessage({ kind: 'probe', id, device } satisfies ProbeRequest)
    }),
)

host.on('message', ({ data, ports }: MessageEvent) => {
  const request = requestSchema.parse(data)
  if (request.kind === 'probed') {
    probes.get(request.id)?.(request.output)
    probes.delete(request.id)
  } else if (request.kind !== 'connect') engine.receive(request)
  else
    for (const port of ports)
      // What comes before that waits in the port.
      void engine.connect(port).then(() => port.start())
})
