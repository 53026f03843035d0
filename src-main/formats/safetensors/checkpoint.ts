import { access } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { SpellmError } from '../../base/errors.ts'
import { readJsonFile } from '../json-file.ts'
import { openSafetensors, type TensorEntry } from './header.ts'

/** A model's weights: the tensors of all its safetensors files. */
export interface WeightFiles {
  /** Absolute path. */
  readonly folder: string
  readonly tensors: ReadonlyMap<string, TensorEntry>
  /** Absolute paths of the files that hold them. */
  readonly files: readonly string[]
}

const singleFile = 'model.safetensors'
const indexFile = 'model.safetensors.index.json'
const maxIndexBytes = 100_000_000
const maxShards = 10_000

/** A plain file name: no separator, drive, parent folder or device name, on any operating system. */
const shardName = /^(?!(con|prn|aux|nul|com\d|lpt\d)(\.|$))[\w][\w.-]*\.safetensors$/i
const indexSchema = z.object({
  weight_map: z.record(
    z.string(),
    z.string().max(255).regex(shardName, 'must be a plain file name that ends in .safetensors'),
  ),
})

/**
 * Opens `model.safetensors`, or the shards that `model.safetensors.index.json` lists, and checks their
 * headers.
 *
 * @throws SpellmError 'file-not-found' (names the missing shard) | 'file-invalid'
 */
export async function openCheckpoint(path: string): Promise<WeightFiles> {
  const folder = resolve(path)
  if (await exists(join(folder, indexFile))) return openShards(folder)
  if (!(await exists(join(folder, singleFile))))
    throw new SpellmError(
      'file-not-found',
      `${folder}: neither ${singleFile} nor ${indexFile} is there.`,
      'Give the folder of a Hugging Face model with safetensors weights.',
    )
  const file = await openSafetensors(join(folder, singleFile))
  return { folder, tensors: file.tensors, files: [file.path] }
}

/** What an index says: the file of each tensor, and the names of those files, each once. */
export interface CheckpointIndex {
  readonly shardOf: Readonly<Record<string, string>>
  readonly shards: readonly string[]
}

/**
 * Reads a `model.safetensors.index.json`.
 *
 * @throws SpellmError 'file-not-found' | 'file-invalid' (also for a shard that isn't a plain file name)
 */
export async function readCheckpointIndex(index: string): Promise<CheckpointIndex> {
  const { weight_map: shardOf } = await readJsonFile(index, indexSchema, { maxBytes: maxIndexBytes })
  const shards = [...new Set(Object.values(shardOf))].sort()
  if (shards.length > maxShards)
    throw new SpellmError(
      'file-invalid',
      `${index} lists more than ${maxShards} files.`,
      'Download the index again.',
    )
  return { shardOf, shards }
}

async function openShards(folder: string): Promise<WeightFiles> {
  const { shardOf, shards: names } = await readCheckpointIndex(join(folder, indexFile))
  const tensors = new Map<string, TensorEntry>()
  for (const name of names) {
    if (!(await exists(join(folder, name))))
      throw new SpellmError(
        'file-not-found',
        `${join(folder, name)} is missing; ${indexFile} lists it.`,
        'Download this file into the same folder.',
      )
    for (const [tensor, entry] of (await openSafetensors(join(folder, name))).tensors) {
      const other = tensors.get(tensor)
      if (other)
        throw new SpellmError(
          'file-invalid',
          `The tensor '${tensor}' is in ${other.path} and in ${entry.path}.`,
          'Files of two versions are mixed: download the model again.',
        )
      tensors.set(tensor, entry)
    }
  }
  for (const [tensor, name] of Object.entries(shardOf))
    if (tensors.get(tensor)?.path !== join(folder, name))
      throw new SpellmError(
        'file-invalid',
        `${join(folder, name)} lacks the tensor '${tensor}', which ${indexFile} places there.`,
        'Files of two versions are mixed: download the model again.',
      )
  return { folder, tensors, files: names.map((name) => join(folder, name)) }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
