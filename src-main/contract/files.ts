import { z } from 'zod'
import { procedure } from './errors.ts'

const folderEntrySchema = z.object({
  name: z.string(),
  path: z.string(),
  kind: z.enum(['folder', 'file']),
  /** A folder with a config.json and weights. */
  isModel: z.boolean(),
  /** A file's size; 0 for folders. */
  bytes: z.number(),
})
export type FolderEntry = z.infer<typeof folderEntrySchema>

const folderListingSchema = z.object({
  folder: z.string(),
  /** null at the root. */
  parent: z.string().nullable(),
  entries: z.array(folderEntrySchema),
  /** There were more entries than are listed. */
  isCut: z.boolean(),
})
export type FolderListing = z.infer<typeof folderListingSchema>

export const filesContract = {
  /** What a folder holds, folders first; null: the home folder. For hosts without native file dialogs. */
  browse: procedure.input(z.object({ folder: z.string().max(4096).nullable() })).output(folderListingSchema),
}
