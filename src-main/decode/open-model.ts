import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { SpellmError } from '../base/errors.ts'
import type { Tokenizer } from '../tokenizer/index.ts'
import { openBaseModel, openModelTokenizer, type BaseModel } from '../models/base-model.ts'
import { modelFolder } from '../models/model-folder.ts'
import { inPrecision, type Precision, type QuantizationPlace } from '../models/precision.ts'
import { findSpellm, openSpellm, type Spellm } from '../spellm/spellm.ts'

export interface OpenOptions {
  /** The folder of a SpeLLM's base model, if it has moved. */
  readonly basePath?: string
  /** The base model's; default: as stored, or what the SpeLLM has learnt with. */
  readonly precision?: Precision | undefined
  readonly quantization?: QuantizationPlace
}

/** A model that was opened and checked; nothing of it is loaded. */
export interface OpenedModel {
  /** The path as it was given, for messages. */
  readonly path: string
  readonly base: BaseModel
  /** The base model's. */
  readonly precision: Precision
  readonly tokenizer: Tokenizer
  /** Null for a base model alone. */
  readonly spellm: Spellm | null
}

/** An opened SpeLLM as a model to be loaded. */
export function modelOfSpellm(path: string, spellm: Spellm): OpenedModel {
  const { base, precision, tokenizer } = spellm
  return { path, base, precision, tokenizer, spellm }
}

/**
 * Opens a SpeLLM's folder, the run folder that holds one, or a base model.
 *
 * @throws SpellmError as `openSpellm` and `openBaseModel`; 'file-not-found' for a run that isn't finished
 */
export async function openModel(
  path: string,
  { basePath, precision, quantization }: OpenOptions = {},
): Promise<OpenedModel> {
  const spellmFolder = findSpellm(path)
  if (spellmFolder === null && existsSync(join(path, 'run.json')))
    throw new SpellmError(
      'file-not-found',
      `${path} holds a run that isn't finished: it has no SpeLLM yet.`,
      'Resume the run and let it finish.',
    )
  if (spellmFolder !== null)
    return modelOfSpellm(path, await openSpellm(spellmFolder, { basePath, precision, quantization }))
  const base = await openBase(path, precision, quantization)
  const tokenizer = await openModelTokenizer(base)
  return { path, base, precision: precision ?? 'stored', tokenizer, spellm: null }
}

async function openBase(
  path: string,
  precision: Precision = 'stored',
  quantization?: QuantizationPlace,
): Promise<BaseModel> {
  return inPrecision(await openBaseModel(modelFolder(path)), precision, quantization)
}
