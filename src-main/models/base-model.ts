import { CancelledError, SpellmError } from '../base/errors.ts'
import { openIfGguf } from '../formats/gguf.ts'
import { checkFinite, readTensorBytes, type WeightFiles, type TensorEntry } from '../formats/safetensors.ts'
import { openTokenizer, type Tokenizer } from '../tokenizer/index.ts'
import { linearWeights, weightShapes, type Architecture } from './architecture.ts'
import { families } from './families/index.ts'
import { openGgufSource } from './gguf/source.ts'
import { keptBytes } from './kept-matrices.ts'
import { openFolderSource, type ModelSource } from './model-source.ts'
import { floatTypes, type WeightStore, type WeightType } from './weight-store.ts'
import { checkpointWeights, isInPlace, weightsToBeWidened, type StoredWeights } from './weights.ts'

/** A Hugging Face model folder or a GGUF file, opened and checked; no weight has been read yet. */
export interface BaseModel {
  /** The folder, or the path of the .gguf file (of several parts the first one): what `openBaseModel` was given. */
  readonly folder: string
  /** All that the model is: configuration, tokenizer, weights. */
  readonly files: readonly string[]
  readonly architecture: Architecture
  /** At which generation ends: those of generation_config.json, else of config.json. */
  readonly stopTokens: readonly number[]
  readonly checkpoint: WeightStore
  /** What graphs read. Of a GGUF, `withPrecision` or `inPrecision` has to make it first, as they widen what is quantised. */
  readonly weights: StoredWeights
  /** The type that most of the values have which a token reads, for messages: a dtype, or of a GGUF such as 'Q4_1'. */
  readonly dtype: WeightType
}

/**
 * The type in which a base model's weights came quantised, such as 'Q4_1'; null: they came as floats. Figures name it,
 * since what was rounded once is no better for being computed with as float32.
 */
export function sourceOf({ dtype }: Pick<BaseModel, 'dtype'>): WeightType | null {
  return (floatTypes as readonly WeightType[]).includes(dtype) ? null : dtype
}

/**
 * Opens a model folder (config.json and the headers of its safetensors) or a GGUF file (its metadata and table of
 * tensors), every weight's shape and type checked against the architecture.
 *
 * @throws SpellmError 'file-not-found' | 'file-invalid' | 'model-unsupported' | 'model-invalid'
 */
export async function openBaseModel(path: string): Promise<BaseModel> {
  const gguf = await openIfGguf(path)
  const source = gguf ? await openGgufSource(gguf) : await openFolderSource(path)
  const { config, file, files, checkpoint } = source
  const family = families.get(config.model_type)
  if (!family)
    throw new SpellmError(
      'model-unsupported',
      `${file}: the architecture '${config.model_type.slice(0, 60)}' is not supported; supported are ${[...families.keys()].join(', ')}.`,
      'Choose a model of a supported architecture.',
    )
  const described = family.describe(config, { file, hasTensor: (name) => checkpoint.weights.has(name) })
  const architecture = source.adapt(described)
  requireWeights(path, architecture, source)
  requireKnownTensors(architecture, checkpoint)
  await requireSameHead(architecture, checkpoint)
  const kept = keptBytes(architecture, checkpoint.weights)
  return {
    folder: path,
    files,
    architecture: kept ? { ...architecture, keptBytes: kept } : architecture,
    stopTokens: source.stopTokens ?? architecture.endTokens,
    checkpoint,
    weights: isInPlace(architecture, checkpoint)
      ? await checkpointWeights(checkpoint)
      : weightsToBeWidened(path),
    dtype: mainType(architecture, checkpoint),
  }
}

/** Every weight of the architecture is there, in its shape and in a type that can be read. */
function requireWeights(
  path: string,
  architecture: Architecture,
  { checkpoint: { weights }, readableTypes, messages: { described, incomplete } }: ModelSource,
): void {
  for (const [name, shape] of weightShapes(architecture)) {
    const found = weights.get(name)
    if (!found)
      throw new SpellmError('model-invalid', `${path}: the weight '${name}' is missing.`, incomplete)
    if (found.shape.join() !== shape.join())
      throw new SpellmError(
        'model-invalid',
        `${found.path}: '${name}' has shape [${found.shape.join(', ')}], ${described} asks for [${shape.join(', ')}].`,
        `The weights and ${described} belong to different models: download both again.`,
      )
    if (!readableTypes.includes(found.type))
      throw new SpellmError(
        'model-unsupported',
        `${found.path}: '${name}' has dtype ${found.type}; supported are ${readableTypes.join(', ')}.`,
        'Choose a version of the model that is not quantised.',
      )
  }
}

/** The type that most of the values have that a token reads. */
function mainType(architecture: Architecture, { weights }: WeightStore): WeightType {
  const values = new Map<WeightType, number>()
  for (const { weight } of linearWeights(architecture)) {
    const { type, shape } = weights.get(weight.name)!
    values.set(type, (values.get(type) ?? 0) + shape.reduce((a, b) => a * b, 1))
  }
  return [...values].sort(([, a], [, b]) => b - a)[0]![0]
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
async function requireSameHead(architecture: Architecture, { tensors }: WeightFiles): Promise<void> {
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
function requireKnownTensors(architecture: Architecture, { weights }: WeightStore): void {
  const used = weightShapes(architecture)
  const spare = architecture.tiedHead ? headNames : []
  for (const [name, { path }] of weights)
    if (!used.has(name) && !spare.includes(name) && !idleTensors.some((pattern) => pattern.test(name)))
      throw new SpellmError(
        'model-unsupported',
        `${path}: '${name.slice(0, 200)}' has no place in the architecture '${architecture.family}' as its configuration describes it.`,
        'Configuration and weights belong to different models, or this variant is not supported: download both again or choose another model.',
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
      `${tokenizer.file} has ${tokenizer.vocabularySize} tokens, the embedding only ${architecture.vocabularySize} rows.`,
      "The tokenizer belongs to another model: put this model's own tokenizer.json next to its weights.",
    )
  return tokenizer
}

/** Values that are read at once when they are checked. */
const checkedValues = 2 << 20

/**
 * Reads every weight once and throws SpellmError 'model-invalid' at the first NaN or infinity.
 * Costs one pass over the files. Throws CancelledError when the signal fires.
 */
export async function checkWeights(
  { architecture, checkpoint }: BaseModel,
  signal?: AbortSignal,
): Promise<void> {
  const requireGoingOn = () => {
    if (signal?.aborted) throw new CancelledError()
  }
  for (const [name, [rows, ...row]] of weightShapes(architecture)) {
    requireGoingOn()
    const inPlace = checkpoint.tensors.get(name)
    if (inPlace) {
      await checkFinite(inPlace)
      continue
    }
    const rowValues = row.reduce((product, dimension) => product * dimension, 1)
    const step = Math.max(1, Math.floor(checkedValues / rowValues))
    for (let first = 0; first < rows!; first += step) {
      requireGoingOn()
      const values = await checkpoint.readRows(name, first, Math.min(step, rows! - first))
      const bad = values.findIndex((value) => !Number.isFinite(value))
      if (bad >= 0)
        throw new SpellmError(
          'model-invalid',
          `${checkpoint.weights.get(name)!.path}: the weight '${name}' holds ${values[bad]!} at index ${first * rowValues + bad}.`,
          'The weights are damaged: download the file again or choose another one.',
        )
    }
  }
}
