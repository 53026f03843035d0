import { z } from 'zod'
import { deviceSchema } from '../runtime/devices/device.ts'

/** The engine, which can't start processes of Electron itself, asks its host for one that tries a device. */
export const probeRequestSchema = z.object({ kind: z.literal('probe'), id: z.int(), device: deviceSchema })
export type ProbeRequest = z.infer<typeof probeRequestSchema>

/** What the process left. */
export const probeResponseSchema = z.object({
  kind: z.literal('probed'),
  id: z.int(),
  output: z.object({ stdout: z.string(), crash: z.string().nullable() }),
})
export type ProbeResponse = z.infer<typeof probeResponseSchema>
