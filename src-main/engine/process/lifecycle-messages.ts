import { z } from 'zod'

/** Why an engine process ended without being asked to. */
const engineCrashSchema = z.object({
  /** ISO 8601. */
  at: z.string(),
  reason: z.string(),
})
export type EngineCrash = z.infer<typeof engineCrashSchema>

/** How a host starts and stops the engine in a process of its own. */
export const lifecycleRequestSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('start'),
    dataFolder: z.string(),
    /** How the process before this one ended. */
    crash: engineCrashSchema.nullable(),
  }),
  z.object({ kind: z.literal('stop') }),
])
export type LifecycleRequest = z.infer<typeof lifecycleRequestSchema>

/** The last words of an engine process. */
export const lastWordsSchema = z.object({
  kind: z.literal('failed'),
  reason: z.string(),
  /** false: the next process would end the same way. */
  canRestart: z.boolean(),
})
export type LastWords = z.infer<typeof lastWordsSchema>
