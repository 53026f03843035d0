import { oc } from '@orpc/contract'
import { z } from 'zod'

/** How an error crosses from the engine to the renderer: `SpellmError` has the same three parts. */
export const engineErrorSchema = z.object({
  /** One word that translations may rely on; 'defect' is an error of the program. */
  code: z.string(),
  /** Names the file and the field, what was found and what was expected. */
  message: z.string(),
  /** What to do about it, in one sentence. */
  remedy: z.string(),
})
export type EngineError = z.infer<typeof engineErrorSchema>

/** What every procedure of the contract starts from. */
export const procedure = oc.errors({ ENGINE: { data: engineErrorSchema } })
