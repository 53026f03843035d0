/**
 * The engine under the desktop host: Electron's utility process, started by `engine-child.ts`. Each window, and
 * the main process itself, has a port to it.
 */
import type { MessageEvent } from 'electron'
import { z } from 'zod'
import { engineLifecycle } from '../worker/engine-lifecycle.ts'
import { lifecycleRequestSchema } from '../worker/lifecycle-messages.ts'

const requestSchema = z.discriminatedUnion('kind', [
  lifecycleRequestSchema,
  /** Comes with a port. */
  z.object({ kind: z.literal('connect') }),
])

const host = process.parentPort
const engine = engineLifecycle((lastWords, told) => {
  host.postMessage(lastWords)
  // Electron doesn't tell when a message has left.
  setTimeout(told, 100)
})

host.on('message', ({ data, ports }: MessageEvent) => {
  const request = requestSchema.parse(data)
  if (request.kind !== 'connect') engine.receive(request)
  else
    for (const port of ports)
      // What comes before that waits in the port.
      void engine.connect(port).then(() => port.start())
})
