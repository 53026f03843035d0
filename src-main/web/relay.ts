import { z } from 'zod'
import { lastWordsSchema, lifecycleRequestSchema } from '../engine/process/lifecycle-messages.ts'

/*
 * The messages between the browser host and its engine process. One process serves many browsers: each
 * connection has a number, and what it says is relayed word by word.
 */

const connectionSchema = z.int().min(1)
const messageSchema = z.object({
  kind: z.literal('message'),
  connection: connectionSchema,
  data: z.string(),
})

/** From the host to the engine process. */
export const toEngineSchema = z.discriminatedUnion('kind', [
  lifecycleRequestSchema,
  messageSchema,
  z.object({ kind: z.literal('open'), connection: connectionSchema }),
  z.object({ kind: z.literal('close'), connection: connectionSchema }),
])
export type ToEngine = z.infer<typeof toEngineSchema>

/** From the engine process to the host. */
export const toHostSchema = z.discriminatedUnion('kind', [messageSchema, lastWordsSchema])
export type ToHost = z.infer<typeof toHostSchema>
