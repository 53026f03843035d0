import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { SpellmError } from '../base/errors.ts'
import { readStopTokens } from '../formats/generation-config.ts'
import { readJsonFile } from '../formats/json-file.ts'
import type { Architecture } from './architecture.ts'
import { floatTypes, openFolderWeights, type WeightStore, type WeightType } from './weight-store.ts'

/** What describes a model, wherever that stands. */
export interface ModelSource {
  /** The contents of config.json, or the same of a GGUF. */
  readonly config: Readonly<Record<string, unknown>> & { readonly model_type: string }
  /** The file that the config was read from, for messages. */
  readonly file: string
  /** All that the model is: configuration, tokenizer, weights. */
  readonly files: readonly string[]
  readonly checkpoint: WeightStore
  /** The types of weights that can be read. */
  readonly readableTypes: readonly WeightType[]
  /** The tokens at which generation ends; null: the config's `eos_token_id`. */
  readonly stopTokens: readonly number[] | null
  /** What differs from what the config's family says. */
  readonly adapt: (architecture: Architecture) => Architecture
  /** Parts of messages: what defines the weights' shapes, and what to do where a weight is missing. */
  readonly messages: { readonly described: string; readonly incomplete: string }
}

const maxConfigBytes = 1 << 20

/**
 * Reads a Hugging Face model folder: config.json, generation_config.json and the headers of its safetensors.
 *
 * @throws SpellmError 'file-not-found' | 'file-invalid'
 */
export async function openFolderSource(folder: string): Promise<ModelSource> {
  const file = join(folder, 'config.json')
  if (existsSync(folder) && !existsSync(file))
    throw new SpellmError(
      'file-not-found',
      `${folder}: there is no config.json, so this is not the folder of a model.`,
      'Choose the folder that holds config.json, tokenizer.json and the *.safetensors files, or a .gguf file.',
    )
  const config = await readJsonFile(file, z.looseObject({ model_type: z.string() }), {
    maxBytes: maxConfigBytes,
  })
  const checkpoint = await openFolderWeights(folder)
  return {
    config,
    file,
    files: [file, join(folder, 'tokenizer.json'), ...checkpoint.files],
    checkpoint,
    readableTypes: floatTypes,
    stopTokens: await readStopTokens(folder),
    adapt: (architecture) => architecture,
    messages: {
      described: 'config.json',
      incomplete:
        'Download the model again; if config.json was edited, check tie_word_embeddings and num_hidden_layers.',
    },
  }
}
