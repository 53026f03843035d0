import { z } from 'zod'
import { deviceChoiceSchema, deviceSurveySchema } from './devices.ts'
import { procedure } from './errors.ts'

export const themeSchema = z.enum(['system', 'light', 'dark'])
export type Theme = z.infer<typeof themeSchema>

/** Without defaults: what a change leaves out stays as it is. */
const settingsFields = z.object({
  theme: themeSchema,
  /** Where runs are stored; null: in the data folder. */
  runsFolder: z.string().max(4096).nullable(),
  device: deviceChoiceSchema,
  /** Folders in the model library. */
  models: z.array(z.string().max(4096)).max(1_000),
})

/** Kept in the data folder. */
export const settingsSchema = z.object({
  theme: settingsFields.shape.theme.default('system'),
  runsFolder: settingsFields.shape.runsFolder.default(null),
  device: settingsFields.shape.device.default('auto'),
  models: settingsFields.shape.models.default([]),
})
export type Settings = z.infer<typeof settingsSchema>

const appInfoSchema = z.object({
  version: z.string(),
  engine: z.object({
    onnxruntime: z.string(),
    node: z.string(),
    platform: z.string(),
    arch: z.string(),
    cpu: z.string(),
    cores: z.int(),
    memoryBytes: z.number(),
  }),
  dataFolder: z.string(),
  runsFolder: z.string(),
  /** Why the engine that ran before this one ended, if it did not end as it should. */
  crash: z.object({ at: z.string(), reason: z.string() }).nullable(),
})
export type AppInfo = z.infer<typeof appInfoSchema>

/** The places whose contents can be made again. */
const cleanablePlaces = ['teacherCaches', 'checkpoints', 'quantizedWeights'] as const

/** A place on disk and what it takes. */
const storagePlaceSchema = z.object({
  kind: z.enum(['runs', ...cleanablePlaces]),
  folder: z.string(),
  bytes: z.number(),
  /** What cleaning it would free, without touching active runs; 0: can't be cleaned. */
  removableBytes: z.number(),
})
export type StoragePlace = z.infer<typeof storagePlaceSchema>

export const appContract = {
  info: procedure.output(appInfoSchema),
  /** The notice of a crash was read. */
  dismissCrash: procedure.output(z.void()),
  settings: procedure.output(settingsSchema),
  changeSettings: procedure.input(settingsFields.partial()).output(settingsSchema),
  /** What can compute here; tried now if that isn't known from before, or if `fresh`, which takes seconds. */
  devices: procedure.input(z.object({ fresh: z.boolean() })).output(deviceSurveySchema),
  storage: procedure.output(z.object({ places: z.array(storagePlaceSchema), freeBytes: z.number() })),
  /**
   * Teacher caches and checkpoints of finished runs, which nothing needs any more, and, while no run is active, quantised
   * weights, which are made again when they are needed.
   */
  cleanStorage: procedure
    .input(z.object({ kind: z.enum(cleanablePlaces) }))
    .output(z.object({ freedBytes: z.number() })),
}
