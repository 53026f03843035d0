import { z } from 'zod'
import { procedure } from './errors.ts'
import { modelReferenceSchema } from './models.ts'

/** Paths of text or JSONL files; none: the sample's stories, or text that the base model writes itself. */
export const textSourceSchema = z.array(z.string().min(1).max(4096)).max(1000)

const textPreviewSchema = z.object({
  /** The beginnings of the first documents. Plain text: to be shown as such. */
  documents: z.array(z.string()),
  bytes: z.number(),
  /** Counted on the beginning of the text and extended to its size; null where the text isn't written yet. */
  tokens: z.number().nullable(),
})
export type TextPreview = z.infer<typeof textPreviewSchema>

export const textContract = {
  preview: procedure
    .input(z.object({ model: modelReferenceSchema, texts: textSourceSchema }))
    .output(textPreviewSchema),
}
