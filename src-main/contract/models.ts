import { z } from 'zod'
import { engineErrorSchema, procedure } from './errors.ts'

/** Names a base model: 'sample' or an absolute folder. */
export const modelReferenceSchema = z.string().min(1).max(4096)

/** What a person wants to know about a base model before converting it. */
const modelCardSchema = z.object({
  reference: modelReferenceSchema,
  /** The folder's last part, or 'Sample model'. */
  name: z.string(),
  architecture: z.string(),
  layers: z.int(),
  hiddenSize: z.int(),
  vocabularySize: z.int(),
  contextLength: z.int(),
  parameters: z.number(),
  /** Elements of the LM head, V · d. */
  headParameters: z.number(),
  /** Share of the weights read for each generated token that belongs to the LM head: the most a SpeLLM can save. */
  lmHeadShare: z.number(),
  tied: z.boolean(),
  dtype: z.string(),
  /** Whether its weights are a GGUF's, with blocks that can be computed with as they are. */
  canKeepBlocks: z.boolean(),
  /** Bytes of the weights on disk. */
  bytes: z.number(),
  /** Estimate of the memory that caching the teacher takes on this machine, in bytes, and what is free now. */
  memory: z.object({ needed: z.number(), free: z.number() }),
})
export type ModelCard = z.infer<typeof modelCardSchema>

/** A model of the library: its card, or why it can't be used now (its disk may be unmounted). */
const libraryModelSchema = z.discriminatedUnion('usable', [
  z.object({ usable: z.literal(true), card: modelCardSchema }),
  z.object({
    usable: z.literal(false),
    reference: modelReferenceSchema,
    name: z.string(),
    problem: z.string(),
    remedy: z.string(),
  }),
])
export type LibraryModel = z.infer<typeof libraryModelSchema>

/** A model on its way from the Hub, or what became of it. */
const downloadSchema = z.object({
  /** `owner/name`, with `@revision` where one was given. */
  id: z.string(),
  /** A stopped or failed one continues where it was when it is started again. */
  status: z.enum(['running', 'finished', 'stopped', 'failed']),
  bytesDone: z.number(),
  /** Null: not known yet. */
  bytesTotal: z.number().nullable(),
  filesDone: z.int(),
  filesTotal: z.int(),
  bytesPerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable(),
  /** The model, once it is there. */
  reference: modelReferenceSchema.nullable(),
  /** What it waits for while no bytes come, in a sentence. */
  notice: z.string().nullable(),
  problem: engineErrorSchema.nullable(),
})
export type Download = z.infer<typeof downloadSchema>

/** A model on the Hub as somebody asked for it: there already, or with what is still to come. */
export const hubModelSchema = z.object({
  /** `owner/name`, with `@revision` where one was given. */
  id: z.string(),
  /** The model, if all of it is in the cache. */
  reference: modelReferenceSchema.nullable(),
  /** Null if all of it is in the cache. */
  size: z
    .object({ bytesDone: z.number(), bytesTotal: z.number(), filesDone: z.int(), filesTotal: z.int() })
    .nullable(),
})
export type HubModel = z.infer<typeof hubModelSchema>

/** A model's id on the Hub, or its address. */
export const byHubId = z.object({ id: z.string().trim().min(1).max(512) })
const byReference = z.object({ reference: modelReferenceSchema })

export const modelsContract = {
  /** The sample model and the folders that were added, in that order. */
  list: procedure.output(z.array(libraryModelSchema)),
  /** Checks a folder and shows its card; changes nothing. */
  inspect: procedure.input(byReference).output(modelCardSchema),
  /** Adds a folder to the library, after the same check. */
  add: procedure.input(byReference).output(modelCardSchema),
  /** Takes a folder out of the library. Its files stay. */
  remove: procedure.input(byReference).output(z.void()),
  /** Models that were asked for from the Hub since the engine started. */
  downloads: procedure.output(z.array(downloadSchema)),
  /** Fetches a model by its id on the Hub or its address; it joins the library. Returns at once. */
  download: procedure.input(byHubId).output(z.void()),
  stopDownload: procedure.input(byHubId).output(z.void()),
  /** Takes a download that isn't running out of the list. The model stays. */
  forgetDownload: procedure.input(byHubId).output(z.void()),
}
