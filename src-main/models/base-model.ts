import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { SpellmError } from '../errors.ts'
import { readJsonFile } from '../formats/json-file.ts'
import {
  checkFinite,
  openCheckpoint,
  type Checkpoint,
  type SafetensorsDtype,
} from '../formats/safetensors.ts'
import { openTokenizer, type Tokenizer } from '../formats/tokenizer.ts'
import { cast, external, type DType } from '../graph/index.ts'
import { weightShapes, type Architecture } from './architecture.ts'
import type { WeightSource } from './decoder.ts'
import { llamaArchitecture, llamaConfigSchema } from './llama.ts'

/** A Hugging Face model folder, opened and checked; no weight has been read yet. */
export interface BaseModel {
  readonly folder: string
  readonly architecture: Architecture
  readonly checkpoint: Checkpoint
  /** The dtype of the embedding, which stands for the others in messages. */
  readonly dtype: SafetensorsDtype
}

const maxConfigBytes = 1 << 20
const weightDtypes: Partial<Record<SafetensorsDtype, DType>> = {
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
}

/**
 * Opens a model folder: config.json and the headers of its safetensors, every weight's shape and dtype
 * checked against the architecture.
 *
 * @throws SpellmError 'file-not-found' | 'file-invalid' | 'model-unsupported' | 'model-invalid'
 */
export async function openBaseModel(folder: string): Promise<BaseModel> {
  const configFile = join(folder, 'config.json')
  if (existsSync(folder) && !existsSync(configFile))
    throw new SpellmError(
      'file-not-found',
      `${folder}: there is no config.json, so this is not the folder of a model.`,
      'Choose the folder that holds config.json, tokenizer.json and the *.safetensors files.',
    )
  const { model_type: family } = await readJsonFile(configFile, z.looseObject({ model_type: z.string() }), {
    maxBytes: maxConfigBytes,
  })
  if (family !== 'llama')
    throw new SpellmError(
      'model-unsupported',
      `${configFile}: 'model_type' is '${family.slice(0, 60)}'; supported is 'llama'.`,
      'Choose a model of a supported architecture.',
    )
  const config = await readJsonFile(configFile, llamaConfigSchema, { maxBytes: maxConfigBytes })
  const architecture = llamaArchitecture(config, configFile)
  const checkpoint = await openCheckpoint(folder)
  for (const [name, shape] of weightShapes(architecture)) {
    const entry = checkpoint.tensors.get(name)
    if (!entry)
      throw new SpellmError(
        'model-invalid',
        `${folder}: the weight '${name}' is missing.`,
        'Download the model again; if config.json was edited, check tie_word_embeddings and num_hidden_layers.',
      )
    if (entry.shape.join() !== shape.join())
      throw new SpellmError(
        'model-invalid',
        `${entry.path}: '${name}' has shape [${entry.shape.join(', ')}], config.json asks for [${shape.join(', ')}].`,
        'config.json and the weights belong to different models: download both again.',
      )
    if (!weightDtypes[entry.dtype])
      throw new SpellmError(
        'model-unsupported',
        `${entry.path}: '${name}' has dtype ${entry.dtype}; supported are F32, F16 and BF16.`,
        'Choose a version of the model that is not quantised.',
      )
  }
  return {
    folder,
    architecture,
    checkpoint,
    dtype: checkpoint.tensors.get('model.embed_tokens.weight')!.dtype,
  }
}

/**
 * Opens the model's tokenizer and checks that the embedding has a row for each of its tokens.
 *
 * @throws SpellmError as `openTokenizer`, and 'tokenizer-mismatch'
 */
export async function openModelTokenizer({ folder, architecture }: BaseModel): Promise<Tokenizer> {
  const tokenizer = await openTokenizer(folder)
  if (tokenizer.vocabularySize > architecture.vocabularySize)
    throw new SpellmError(
      'tokenizer-mismatch',
      `${join(folder, 'tokenizer.json')} has ${tokenizer.vocabularySize} tokens, the embedding only ${architecture.vocabularySize} rows.`,
      "The tokenizer belongs to another model: put this model's own tokenizer.json beside its weights.",
    )
  return tokenizer
}

/**
 * Reads every weight once and throws SpellmError 'model-invalid' at the first NaN or infinity.
 * Costs one pass over the files.
 */
export async function checkWeights({ architecture, checkpoint }: BaseModel): Promise<void> {
  for (const name of weightShapes(architecture).keys()) await checkFinite(checkpoint.tensors.get(name)!)
}

/** The weights as external data of a graph, where they lie in the model's files, computed with in float32. */
export function checkpointWeights({ folder, checkpoint }: BaseModel): WeightSource {
  const values = new Map<string, ReturnType<WeightSource>>()
  return (name) => {
    const known = values.get(name)
    if (known) return known
    const { shape, dtype, path, offset, byteLength } = checkpoint.tensors.get(name)!
    const file = path.slice(folder.length).replace(/^[\\/]+/, '')
    const stored = external(name, shape, weightDtypes[dtype]!, { file, offset, byteLength })
    const value = dtype === 'F32' ? stored : cast(stored, 'float32')
    values.set(name, value)
    return value
  }
}
