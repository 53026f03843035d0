import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import { describeSystemError, SpellmError } from '../base/errors.ts'
import { openSafetensors, readTensor, writeSafetensors } from '../formats/safetensors.ts'

/** A float32 tensor in C order. */
interface CheckpointTensor {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** Name → tensor: parameters and optimiser moments. */
export type CheckpointTensors = Readonly<Record<string, CheckpointTensor>>

/** Everything that training needs to continue after `step` finished optimiser steps. */
export interface Checkpoint<T> {
  readonly step: number
  readonly tensors: CheckpointTensors
  /** Small values in addition to the tensors: epoch, state of the random generator. */
  readonly state: T
}

/** Two, so that one is left when the newest can't be read. */
const kept = 2

const fileVersion = '1'

/** `step-00000123.safetensors` */
export function checkpointName(step: number): string {
  return `step-${String(step).padStart(8, '0')}.safetensors`
}

/** The step in a checkpoint's file name, or null for any other name. */
export function parseCheckpointName(name: string): number | null {
  const match = /^step-(\d{8,15})\.safetensors$/.exec(name)
  return match === null ? null : Number(match[1])
}

/** The steps of the checkpoints in a folder, newest first; none if the folder doesn't exist. */
export async function checkpointSteps(folder: string): Promise<number[]> {
  try {
    const steps = (await readdir(folder)).map(parseCheckpointName).filter((step) => step !== null)
    return steps.sort((a, b) => b - a)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw describeSystemError(error, folder)
  }
}

/**
 * Writes a checkpoint atomically into an existing folder, and then removes all but the newest two.
 *
 * @throws SpellmError 'disk-full' | 'permission-denied', with the older checkpoints untouched
 * @throws RangeError if a checkpoint of a later step exists: the run was not resumed from it
 */
export async function saveCheckpoint(folder: string, checkpoint: Checkpoint<unknown>): Promise<void> {
  const { step, tensors } = checkpoint
  if (!Number.isSafeInteger(step) || step < 0) throw new RangeError(`not a step: ${step}`)
  const earlier = await checkpointSteps(folder)
  if (earlier.some((other) => other > step))
    throw new RangeError(`step ${step} comes before the newest checkpoint, of step ${earlier[0]!}`)

  const state = JSON.stringify(checkpoint.state)
  const entries = Object.entries(tensors).map(
    ([name, tensor]) => [name, { dtype: 'F32', ...tensor }] as const,
  )
  await writeSafetensors(join(folder, checkpointName(step)), Object.fromEntries(entries), {
    version: fileVersion,
    step: String(step),
    state,
    checksum: checksum(state, tensors),
  })
  const obsolete = [step, ...earlier.filter((other) => other !== step)].slice(kept)
  for (const other of obsolete) await rm(join(folder, checkpointName(other)), { force: true })
}

/**
 * Reads the newest checkpoint that is whole, and removes the damaged ones that are newer.
 *
 * @returns null if the folder has no checkpoints; a warning for each that was passed over
 * @throws SpellmError 'run-corrupt' if there are checkpoints and none can be read (none is removed then);
 *   what `describeSystemError` returns for a file that the system refuses to read
 */
export async function loadNewestCheckpoint<T>(
  folder: string,
  stateSchema: z.ZodType<T>,
): Promise<{ checkpoint: Checkpoint<T> | null; warnings: string[] }> {
  const steps = await checkpointSteps(folder)
  const warnings: string[] = []
  const damaged: string[] = []
  for (const step of steps) {
    const path = join(folder, checkpointName(step))
    try {
      const checkpoint = await loadCheckpoint(path, step, stateSchema)
      for (const other of damaged) await rm(other, { force: true })
      return { checkpoint, warnings }
    } catch (error) {
      if (!(error instanceof SpellmError && error.code === 'file-invalid')) throw error
      damaged.push(path)
      warnings.push(`This checkpoint is damaged and was skipped. ${error.message}`)
    }
  }
  if (steps.length === 0) return { checkpoint: null, warnings }
  throw new SpellmError(
    'run-corrupt',
    `${folder}: none of the ${steps.length} checkpoints can be read. ${warnings.join(' ')}`,
    'Restore the folder from a backup, or delete it to begin this run again from its first step.',
  )
}

async function loadCheckpoint<T>(
  path: string,
  step: number,
  stateSchema: z.ZodType<T>,
): Promise<Checkpoint<T>> {
  const file = await openSafetensors(path)
  const metadata = metadataSchema(step).safeParse(file.metadata)
  if (!metadata.success) throw damagedFile(path, z.prettifyError(metadata.error))

  const tensors = Object.create(null) as Record<string, CheckpointTensor>
  for (const [name, entry] of file.tensors)
    tensors[name] = { shape: entry.shape, data: await readTensor(entry) }
  if (checksum(metadata.data.state, tensors) !== metadata.data.checksum)
    throw damagedFile(path, 'the checksum does not match the contents')

  const state = stateSchema.safeParse(JSON.parse(metadata.data.state))
  if (!state.success) throw damagedFile(path, `state: ${z.prettifyError(state.error)}`)
  return { step, tensors, state: state.data }
}

const metadataSchema = (step: number) =>
  z.object({
    version: z.literal(fileVersion),
    step: z.literal(String(step)),
    state: z.string(),
    checksum: z.string(),
  })

/** CRC-32 of everything in a checkpoint. Finds accidents of the disk, which the file format does not. */
function checksum(state: string, tensors: CheckpointTensors): string {
  let value = crc32(state)
  for (const name of Object.keys(tensors).sort()) {
    const { shape, data } = tensors[name]!
    value = crc32(JSON.stringify([name, shape]), value)
    value = crc32(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), value)
  }
  return value.toString(16).padStart(8, '0')
}

function damagedFile(path: string, problem: string): SpellmError {
  return new SpellmError('file-invalid', `${path}: ${problem}`, 'An earlier checkpoint is used instead.')
}
