import { z } from 'zod'
import type { CheckpointTensors } from '../checkpoints.ts'

/** A conversion in miniature, for tests that kill it: every number it saves follows from the step. */
export const settingsSchema = z.object({ k: z.number() })
export const stateSchema = z.object({ step: z.number() })
export const eventSchema = z.object({ step: z.number(), loss: z.number() })

export const newRun = {
  settings: { k: 12 },
  base: { path: 'base', sha256: '0'.repeat(64) },
  environment: {},
}

export const stepsPerCheckpoint = 20

export const lossAt = (step: number) => 1 / step

const size = 50_000

export function tensorsAt(step: number): CheckpointTensors {
  return {
    parameters: { shape: [size], data: new Float32Array(size).fill(step) },
    moments: { shape: [size], data: new Float32Array(size).fill(-step) },
  }
}
