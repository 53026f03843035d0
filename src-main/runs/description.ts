import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { describeSystemError, SpellmError } from '../base/errors.ts'
import { writeJsonAtomically } from '../base/atomic-file.ts'
import { readJsonFile } from '../formats/json-file.ts'
import { descriptionFile } from './layout.ts'

const maxDescriptionBytes = 16 << 20

const descriptionSchema = z.object({
  /** Version of the run folder's layout. */
  format: z.literal(1),
  id: z.uuid(),
  created: z.iso.datetime(),
  settings: z.json(),
  base: z.object({ path: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  environment: z.record(z.string(), z.json()),
})

/** A JSON value. */
export type Json = z.infer<ReturnType<typeof z.json>>

/** The base model of a run: where it was, and the hash that says which model it is. */
interface RunBase {
  readonly path: string
  /** 64 hexadecimal digits, lower case. */
  readonly sha256: string
}

/** What never changes in a run. */
export interface RunDescription<S> {
  readonly id: string
  /** ISO 8601, UTC. */
  readonly created: string
  readonly settings: S
  readonly base: RunBase
  /** Versions, platform, device: for the reader of a result, not for the program. */
  readonly environment: Readonly<Record<string, Json>>
}

/** Writes run.json. Throws SpellmError as of `describeSystemError`. */
export async function writeDescription(folder: string, description: RunDescription<unknown>): Promise<void> {
  await writeJsonAtomically(join(folder, descriptionFile), { format: 1, ...description })
}

/**
 * Reads run.json. Needs no lock.
 *
 * @throws SpellmError 'file-not-found' (no such folder) | 'run-corrupt' (run.json is missing, damaged, from
 *   another version, or its settings don't fit the schema) | 'permission-denied'
 */
export async function readDescription<S>(
  folder: string,
  settingsSchema: z.ZodType<S>,
): Promise<RunDescription<S>> {
  const path = join(folder, descriptionFile)
  await access(folder).catch((error: unknown) => {
    throw describeSystemError(error, folder)
  })
  const { id, created, settings, base, environment } = await readRunJson(path, descriptionSchema)
  const parsed = settingsSchema.safeParse(settings)
  if (!parsed.success) throw corrupt(`${path}: settings: ${z.prettifyError(parsed.error)}`)
  return { id, created, settings: parsed.data, base, environment }
}

/** `readJsonFile` for the files of a run: SpellmError 'run-corrupt' if the file is missing or invalid. */
export async function readRunJson<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  try {
    return await readJsonFile(path, schema, { maxBytes: maxDescriptionBytes })
  } catch (error) {
    if (error instanceof SpellmError && (error.code === 'file-invalid' || error.code === 'file-not-found'))
      throw corrupt(error.message, error)
    throw error
  }
}

function corrupt(message: string, cause?: Error): SpellmError {
  return new SpellmError(
    'run-corrupt',
    message,
    'Check that this is the folder of a run and that this version of the program made it.',
    { cause },
  )
}
