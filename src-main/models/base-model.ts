import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { CancelledError, SpellmError } from '../errors.ts'
import { readJsonFile } from '../formats/json-file.ts'
import {
  checkFinite,
  openCheckpoint,
  readTensorBytes,
  type Checkpoint,
  type SafetensorsDtype,
  type TensorEntry,
} from '../formats/safetensors.ts'
import { readStopTokens } from '../formats/generation-config.ts'
import { openTokenizer, type Tokenizer } from '../formats/tokenizer.ts'
import { weightShapes, type Architecture } from './architecture.ts'
import { families } from './families/index.ts'
import { checkpointWeights, type StoredWeights } from './weights.ts'

/** A Hugging Face model folder, opened and checked; no weight has been read yet. */
export interface BaseModel {
  readonly folder: string
  readonly architecture: Architecture
  /** At which generation ends: those of generation_config.json, else of config.json. */
  readonly stopTokens: readonly number[]
  readonly checkpoint: Checkpoint
  /** What graphs read. */
  readonly weights: StoredWeights
  /** The dtype of the embedding, which stands for the others in messages. */
  readonly dtype: SafetensorsDtype
}

const maxConfigBytes = 1 << 20
const storedDtypes: readonly SafetensorsDtype[] = ['F32', 'F16', 'BF16']

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
  const config = await readJsonFile(configFile, z.looseObject({ model_type: z.string() }), {
    maxBytes: maxConfigBytes,
  })
  const family = families.get(config.model_type)
  if (!family)
    throw new SpellmError(
      'model-unsupported',
      `${configFile}: the architecture '${config.model_type.slice(0, 60)}' is not supported; supported are ${[...families.keys()].join(', ')}.`,
      'Choose a model of a supported architecture.',
    )
  const checkpoint = await openCheckpoint(folder)
  const architecture = family.describe(config, {
    file: configFile,
    hasTensor: (name) => checkpoint.tensors.has(name),
  })
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
    if (!storedDtypes.includes(entry.dtype))
      throw new SpellmError(
        'model-unsupported',
        `${entry.path}: '${name}' has dtype ${entry.dtype}; supported are F32, F16 and BF16.`,
        'Choose a version of the model that is not quantised.',
      )
  }
  requireKnownTensors(architecture, checkpoint)
  await requireSameHead(architecture, checkpoint)
  return {
    folder,
    architecture,
    stopTokens: (await readStopTokens(folder)) ?? architecture.endTokens,
    checkpoint,
    weights: await checkpointWeights(checkpoint),
    dtype: checkpoint.tensors.get(architecture.embedding.weight.name)!.dtype,
  }
}

/** Tensors that checkpoints carry although nothing is computed from them, or only what we leave out. */
const idleTensors = [
  // Buffers that older versions of transformers saved.
  /\.rotary_emb\.(inv_freq|cos_cached|sin_cached)$/,
  /\.(attn|attention)\.(bias|masked_bias)$/,
  // The image encoder of Gemma 3.
  /^(model\.)?(vision_tower|multi_modal_projector)\./,
]

/** Names of an LM head, which a checkpoint may store although it is the embedding. */
const headNames = ['lm_head.weight', 'embed_out.weight']

/** A head that config.json calls tied must be the embedding where it is stored too; a beginning is compared. */
async function requireSameHead(architecture: Architecture, { tensors }: Checkpoint): Promise<void> {
  const head = headNames.map((name) => tensors.get(name)).find((entry) => entry !== undefined)
  if (!architecture.tiedHead || !head) return
  const beginning = (entry: TensorEntry) =>
    readTensorBytes({ ...entry, byteLength: Math.min(entry.byteLength, 65_536) })
  const embedding = await beginning(tensors.get(architecture.embedding.weight.name)!)
  if (Buffer.compare(await beginning(head), embedding) !== 0)
    throw new SpellmError(
      'model-invalid',
      `${head.path}: '${head.name}' is not the embedding, although config.json says 'tie_word_embeddings'.`,
      "Download config.json again; if the model has a head of its own, set 'tie_word_embeddings' to false there.",
    )
}

/** A tensor that nothing reads means that config.json leaves out a part of the model. */
function requireKnownTensors(architecture: Architecture, { tensors }: Checkpoint): void {
  const used = weightShapes(architecture)
  const spare = architecture.tiedHead ? headNames : []
  for (const [name, { path }] of tensors)
    if (!used.has(name) && !spare.includes(name) && !idleTensors.some((pattern) => pattern.test(name)))
      throw new SpellmError(
        'model-unsupported',
        `${path}: '${name.slice(0, 200)}' has no place in the architecture '${architecture.family}' as config.json describes it.`,
        'config.json and the weights belong to different models, or this variant is not supported: download both again or choose another model.',
      )
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
 * Costs one pass over the files. Throws CancelledError when the signal fires.
 */
export async function checkWeights(
  { architecture, checkpoint }: BaseModel,
  signal?: AbortSignal,
): Promise<void> {
  for (const name of weightShapes(architecture).keys()) {
    if (signal?.aborted) throw new CancelledError()
    await checkFinite(checkpoint.tensors.get(name)!)
  }
}
