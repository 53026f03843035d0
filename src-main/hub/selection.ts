import { SpellmError } from '../base/errors.ts'
import type { HubFile } from './listing.ts'

/** Files of a model that are read where they are there. */
const optionalFiles = new Set([
  'generation_config.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'chat_template.jinja',
  'chat_template.json',
])
const requiredFiles = ['config.json', 'tokenizer.json']
const singleFile = 'model.safetensors'
export const indexFile = 'model.safetensors.index.json'
/** What the model may be used for, and what its makers say of it. */
const licenceAndReadme = /^(licen[cs]e|notice|readme)[\w-]{0,60}(\.(md|txt))?$/i
const maxReadmeBytes = 1 << 20
/** Maximum bytes of a file that isn't weights; the largest tokenizers have about 35 MB. */
const maxMetadataBytes = 100_000_000

/** What of a model must be fetched. */
export interface Selection {
  /** Everything but the weights' shards. */
  readonly files: readonly HubFile[]
  /** Names the shards; null where one file holds all weights, which then is among `files`. */
  readonly index: HubFile | null
}

/**
 * The files that a conversion needs. Where a model has an index and a single file of weights, the index counts, as
 * for `openCheckpoint`.
 *
 * @throws SpellmError 'model-unsupported' for a model without safetensors or without tokenizer.json
 */
export function selectFiles(id: string, listing: readonly HubFile[]): Selection {
  const byPath = new Map(listing.map((file) => [file.path, file]))
  const index = byPath.get(indexFile) ?? null
  const weights = index ?? byPath.get(singleFile)
  if (!weights)
    throw new SpellmError(
      'model-unsupported',
      `${id} has no weights as safetensors: neither ${singleFile} nor ${indexFile} is among its files.`,
      'Choose a model, or a revision of it, with *.safetensors: GGUF and PyTorch *.bin files are not downloaded. A .gguf file that you have is opened by its path.',
    )
  for (const name of requiredFiles)
    if (!byPath.has(name))
      throw new SpellmError(
        'model-unsupported',
        `${id} has no ${name}.`,
        "Choose a model in the format of Hugging Face transformers, with a 'fast' tokenizer.",
      )
  const metadata = listing.filter(({ path }) => requiredFiles.includes(path) || optionalFiles.has(path))
  for (const { path, size } of index ? [...metadata, index] : metadata)
    if (size > maxMetadataBytes)
      throw new SpellmError(
        'model-invalid',
        `${id}: ${path} has ${size} bytes; at most ${maxMetadataBytes} are expected.`,
        'Do not use this model.',
      )
  const read = listing.filter(({ path, size }) => licenceAndReadme.test(path) && size <= maxReadmeBytes)
  return { files: [...metadata, ...read, weights], index }
}

/**
 * The files that an index places weights in.
 *
 * @throws SpellmError 'model-invalid' for one that the listing lacks
 */
export function selectShards(id: string, listing: readonly HubFile[], names: readonly string[]): HubFile[] {
  const byPath = new Map(listing.map((file) => [file.path, file]))
  return names.map((name) => {
    const file = byPath.get(name)
    if (file) return file
    throw new SpellmError(
      'model-invalid',
      `${id}: ${indexFile} places weights in ${name}, which is not among the model's files.`,
      'The upload of this model is not complete: choose another revision.',
    )
  })
}
