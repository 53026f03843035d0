import { z } from 'zod'

const devices = ['cpu', 'cuda', 'dml', 'coreml', 'webgpu'] as const

/** What can compute. */
export const deviceSchema = z.enum(devices)

/** 'auto': the fastest device of this machine that passes the accuracy check. */
export const deviceChoiceSchema = z.enum(['auto', ...devices])
export type DeviceChoice = z.infer<typeof deviceChoiceSchema>

/** What a small computation on a device showed. */
const deviceReportSchema = z.object({
  device: deviceSchema,
  /** The hardware's, where it is known. */
  name: z.string().nullable(),
  works: z.boolean(),
  rightNumbers: z.boolean(),
  /** Null where it doesn't work. */
  measured: z
    .object({
      /** The largest difference from the CPU's numbers, as a share; null: some were NaN. */
      maxDifference: z.number().nullable(),
      matrixGflops: z.number(),
      bandwidthGBps: z.number(),
    })
    .nullable(),
  /** Bytes, where they are known. */
  memory: z.object({ total: z.number(), free: z.number() }).nullable(),
  /** Why it can't be used, and what to do about it; a sentence or two each. */
  problem: z.object({ reason: z.string(), remedy: z.string() }).nullable(),
})

/** All devices, also those that can't be used here. */
export const deviceSurveySchema = z.object({
  /** When they were tried; ISO 8601. */
  checked: z.string(),
  /** What 'auto' stands for, and why, in one sentence. */
  automatic: z.object({ device: deviceSchema, reason: z.string() }),
  reports: z.array(deviceReportSchema),
})
export type DeviceSurvey = z.infer<typeof deviceSurveySchema>
