import { z } from 'zod'
import type { Run } from '../runs/index.ts'
import type { RunSettings } from './settings.ts'

const storedStepSchema = z.looseObject({
  type: z.string(),
  loss: z.number().optional(),
  headAccuracy: z.array(z.number()).optional(),
})

/** What the last steps of the first tail and of that for sampling measured; NaN where there was none. */
export async function lastMetrics(
  run: Run<RunSettings>,
): Promise<{ loss: number; headAccuracy: readonly number[]; divergence: number }> {
  const last = { loss: NaN, headAccuracy: [] as readonly number[], divergence: NaN }
  for await (const { type, loss, headAccuracy } of run.readMetrics(storedStepSchema)) {
    if (type === 'step' && loss !== undefined && headAccuracy) Object.assign(last, { loss, headAccuracy })
    if (type === 'samplingStep' && loss !== undefined) last.divergence = loss
  }
  return last
}
