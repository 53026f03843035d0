import { z } from 'zod'

/** How a base model's weights are computed with. */
export const precisions = ['stored', 'kept', 'int8', 'int4'] as const
export const precisionSchema = z.enum(precisions)
export type Precision = z.infer<typeof precisionSchema>
