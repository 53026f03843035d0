import { z } from 'zod'
import { procedure } from './errors.ts'
import { byHubId, hubModelSchema } from './models.ts'

/**
 * Where the access token comes from: kept by the studio in the system's key store or in a file of its data folder,
 * or found in the environment or where the Hub's own tools keep it.
 */
const tokenSourceSchema = z.enum(['key-store', 'file', 'environment', 'hub-tools'])

/** What is known of the Hub, without the token itself: no page ever gets that. */
const hubStateSchema = z.object({
  /** The Hub, or the mirror that the environment names. */
  endpoint: z.string(),
  isMirror: z.boolean(),
  /** Where models are kept. */
  cacheFolder: z.string(),
  /** The environment forbids to ask the network. */
  isOffline: z.boolean(),
  /** Null: there is no token. */
  tokenSource: tokenSourceSchema.nullable(),
  /** Where one would be kept that is given now. */
  tokenPlace: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('key-store') }),
    z.object({ kind: z.literal('file'), path: z.string() }),
  ]),
})
export type HubState = z.infer<typeof hubStateSchema>

/** One word, as the Hub shows it. */
const hubTokenSchema = z
  .string()
  .trim()
  .min(1)
  .max(4_096)
  .regex(/^[\x21-\x7e]+$/)

export const hubContract = {
  state: procedure.output(hubStateSchema),
  /** Keeps an access token in place of the one before it. */
  setToken: procedure.input(z.object({ token: hubTokenSchema })).output(z.void()),
  /** Forgets the token that the studio keeps. Those of the environment and of other tools stay. */
  removeToken: procedure.output(z.void()),
  /** What a model's download would be, before it begins. */
  lookUp: procedure.input(byHubId).output(hubModelSchema),
}
