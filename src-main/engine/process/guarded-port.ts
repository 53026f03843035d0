import {
  onMessagePortClose,
  onMessagePortMessage,
  postMessagePortMessage,
  type SupportedMessagePort,
} from '@orpc/client/message-port'
import { z } from 'zod'

/** A request at its largest: the tokens of the longest context that may be inspected. */
const maxMessageCharacters = 16 << 20

/** What oRPC's client sends for our contract: calls, and the end of calls. No streams and no files from a client. */
const envelopeSchema = z.union([
  z.strictObject({
    i: z.string().max(64),
    p: z.strictObject({
      u: z.string().regex(/^\/[\w/]{1,100}$/),
      b: z.unknown().optional(),
      h: z.strictObject({}).optional(),
    }),
  }),
  z.strictObject({ i: z.string().max(64), t: z.literal(4) }),
])

type Handler = (event: { readonly data: string }) => void

/**
 * A port that lets through only messages of oRPC's form and of bounded size, since oRPC itself ends the process
 * at one that it can't read. What else comes is dropped: a client that sends it is none of ours.
 */
export function guardedPort(port: SupportedMessagePort) {
  let dropped = 0
  return {
    postMessage: (data: unknown) => postMessagePortMessage(port, data),
    addEventListener: (type: string, handler: unknown) => {
      const handle = handler as Handler
      if (type === 'close') onMessagePortClose(port, handler as () => void)
      else
        onMessagePortMessage(port, (data: unknown) => {
          if (isEnvelope(data)) handle({ data })
          else if (dropped++ === 0) console.error("Dropping messages that aren't calls of the contract.")
        })
    },
  } as Extract<SupportedMessagePort, { addEventListener: unknown }>
}

function isEnvelope(data: unknown): data is string {
  if (typeof data !== 'string' || data.length > maxMessageCharacters) return false
  try {
    return envelopeSchema.safeParse(JSON.parse(data)).success
  } catch {
    return false
  }
}
