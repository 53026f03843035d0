/**
 * The engine under the desktop host: Electron's utility process, started by `engine-child.ts`. Each window, and
 * the main process itself, has a port to it.
 */
import type { MessageEvent } from 'electron'
import { z } from 'zod'
import type { ProbeOutput } from '../runtime/devices/probe-child.ts'
import { engineLifecycle } from '../engine/process/engine-lifecycle.ts'
import { lifecycleRequestSchema } from '../engine/process/lifecycle-messages.ts'
import { SpellmError } from '../base/errors.ts'
import { probeResponseSchema, type ProbeRequest } from './probe-messages.ts'
import { tokenResponseSchema, type TokenRequest, type TokenResponse } from './token-messages.ts'

const requestSchema = z.discriminatedUnion('kind', [
  lifecycleRequestSchema,
  /** Comes with a port. */
  z.object({ kind: z.literal('connect') }),
  probeResponseSchema,
  tokenResponseSchema,
])

const host = process.parentPort
let asked = 0
const probes = new Map<number, (output: ProbeOutput) => void>()
const tokenAnswers = new Map<number, (answer: TokenResponse['answer']) => void>()

function runProbe(device: ProbeRequest['device']): Promise<ProbeOutput> {
  return new Promise((resolve) => {
    const id = asked++
    probes.set(id, resolve)
    host.postMessage({ kind: 'probe', id, device } satisfies ProbeRequest)
  })
}

async function askForToken(request: TokenRequest['request']): Promise<{ token: string | null } | null> {
  const answer = await new Promise<TokenResponse['answer']>((resolve) => {
    const id = asked++
    tokenAnswers.set(id, resolve)
    host.postMessage({ kind: 'token', id, request } satisfies TokenRequest)
  })
  if (answer.is === 'failed') throw new SpellmError('permission-denied', answer.message, answer.remedy)
  return answer.is === 'kept' ? { token: answer.token } : null
}

const engine = engineLifecycle(
  (lastWords, told) => {
    host.postMessage(lastWords)
    // Electron doesn't tell when a message has left.
    setTimeout(told, 100)
  },
  {
    runProbe,
    keyStore: {
      read: () => askForToken({ do: 'read' }),
      write: async (token) => {
        await askForToken({ do: 'write', token })
      },
    },
  },
)

host.on('message', ({ data, ports }: MessageEvent) => {
  const request = requestSchema.parse(data)
  if (request.kind === 'probed') {
    probes.get(request.id)?.(request.output)
    probes.delete(request.id)
  } else if (request.kind === 'token-answer') {
    tokenAnswers.get(request.id)?.(request.answer)
    tokenAnswers.delete(request.id)
  } else if (request.kind !== 'connect') engine.receive(request)
  else
    for (const port of ports)
      // What comes before that waits in the port.
      void engine.connect(port).then(() => port.start())
})
