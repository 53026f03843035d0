import { z } from 'zod'

/** The engine, which has no key store of Electron itself, asks its host for it. */
export const tokenRequestSchema = z.object({
  kind: z.literal('token'),
  id: z.int(),
  request: z.discriminatedUnion('do', [
    z.object({ do: z.literal('read') }),
    z.object({ do: z.literal('write'), token: z.string().nullable() }),
  ]),
})
export type TokenRequest = z.infer<typeof tokenRequestSchema>

export const tokenResponseSchema = z.object({
  kind: z.literal('token-answer'),
  id: z.int(),
  answer: z.discriminatedUnion('is', [
    /** What is kept: after a request to write, the new one. */
    z.object({ is: z.literal('kept'), token: z.string().nullable() }),
    z.object({ is: z.literal('no-store') }),
    z.object({ is: z.literal('failed'), message: z.string(), remedy: z.string() }),
  ]),
})
export type TokenResponse = z.infer<typeof tokenResponseSchema>
