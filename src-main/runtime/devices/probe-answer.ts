import { z } from 'zod'
import { measurementSchema } from './probe.ts'

/** The last line of a probe's process. */
export const probeAnswerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('measured'), measured: measurementSchema }),
  z.object({ kind: z.literal('failed'), reason: z.string(), remedy: z.string() }),
])
export type ProbeAnswer = z.infer<typeof probeAnswerSchema>
