import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { describeSystemError, SpellmError } from '../base/errors.ts'
import { writeJsonAtomically } from '../base/atomic-file.ts'
import { readJsonFile } from '../formats/json-file.ts'
import { openSafetensors, readTensor, writeSafetensors } from '../formats/safetensors.ts'
import type { Tokenizer } from '../tokenizer/index.ts'
import { openBaseModel, openModelTokenizer, type BaseModel } from '../models/base-model.ts'
import { hashBaseModel } from '../models/base-model-hash.ts'
import { modelFolder } from '../models/model-folder.ts'
import { precisions, withPrecision, type Precision, type QuantizationPlace } from '../models/precision.ts'
import { tailParameterShapes } from '../models/tail.ts'
import { alphabetSchema } from '../spelling/alphabet.ts'
import { maxSpellingLength } from '../spelling/spellings.ts'
import { buildSpeller, contestWinners, type Speller } from '../spelling/speller.ts'
import { readDoubts, writeDoubts, type SpellmDoubts } from './doubts.ts'
import { tailShape, type TailWeights } from './tail-session.ts'
import type { Gate } from './gates.ts'
import { modeNames, modeOf, type DecodeMode } from './decode-modes.ts'

const configFile = 'spellm.json'
const tailFile = 'tail.safetensors'
const samplingTailFile = 'sampling-tail.safetensors'
export const doubtsFile = 'doubts.safetensors'
/** Beyond that, their rows cost more than what they save. */
const maxContextSymbols = 65_536
const maxConfigBytes = 64 << 20

/** Inner widths of an adapter's blocks. */
export const adapterWidthsSchema = z.array(z.int().min(1).max(1_048_576)).max(16)

/** The anchor of the first head's scores, see `anchored` of models/symbol-tail.ts. */
export const anchorSchema = z.number().min(0).max(1)

const configSchema = z.object({
  /** 2: the alphabet has token symbols. 3: and learnt scores are anchored, which earlier versions would overlook. */
  format: z.union([z.literal(1), z.literal(2), z.literal(3)]),
  base: z.object({ path: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  /** The base model's precision that the tail has learnt with. */
  precision: z.enum(precisions).default('stored'),
  mode: z.enum(modeNames).default('trie').transform(modeOf),
  k: z.int().min(1).max(maxSpellingLength),
  alphabet: alphabetSchema,
  adapterWidths: adapterWidthsSchema,
  /** Words of several tokens that the heads spell at once; none: they spell tokens only. */
  words: z
    .array(z.array(z.int().min(0)).min(2).max(1_024))
    .max(1 << 20)
    .default([]),
  /** Tokens that a spelling stands for where it could stand for several. */
  contestWinners: z.array(z.int().min(0)),
  /** Thresholds of gated mode, by rising share. */
  gates: z
    .array(z.object({ share: z.number().min(0).max(1), threshold: z.number().min(0) }))
    .max(16)
    .default([]),
  /** Whether there is a second tail, for sampling. */
  samplingTail: z.boolean().default(false),
  /** The most context symbols at once. */
  contextSymbols: z.int().min(0).max(maxContextSymbols).default(0),
  anchor: anchorSchema.default(0),
})

/** What identifies the base model of a SpeLLM. */
export interface BaseReference {
  /** A folder, or 'sample'. */
  readonly path: string
  readonly sha256: string
}

export { hashBaseModel }

/** A SpeLLM with its base model: everything that decoding needs, checked. */
export interface Spellm {
  readonly base: BaseModel
  /** What identifies it, whatever folder it is in. */
  readonly baseSha256: string
  /** The base model's. */
  readonly precision: Precision
  /** How it decodes unless somebody asks for another mode. */
  readonly mode: DecodeMode
  readonly tokenizer: Tokenizer
  readonly speller: Speller
  readonly adapterWidths: readonly number[]
  readonly weights: TailWeights
  /** The weights of the tail that has learnt the base model's probabilities, for sampling; null: there is none. */
  readonly samplingWeights: TailWeights | null
  /**
   * Thresholds of gated mode; none: they were not measured. With token symbols, of doubt (`decode/first-choice.ts`), from
   * high to low; else of the lead, see `calibrateGate`.
   */
  readonly gates: readonly Gate[]
  /** c: the most context symbols at once; 0 without token symbols. */
  readonly contextSymbols: number
  /** The anchor of the first head's scores, see `anchored` of models/symbol-tail.ts; 0 without token symbols. */
  readonly anchor: number
  /** The doubts of a SpeLLM with token symbols, and whether it was right. */
  readonly doubts: SpellmDoubts | null
}

/** Whether a SpeLLM has token symbols (format 2): its first scores are exact where they can be. */
export const hasTokenSymbols = ({ speller }: Pick<Spellm, 'speller'>): boolean =>
  speller.alphabet.tokenSymbols !== undefined

/** The SpeLLM's folder: `path` itself, or the one in the run folder `path`; null if there is none. */
export function findSpellm(path: string): string | null {
  return [path, join(path, 'spellm')].find((folder) => existsSync(join(folder, configFile))) ?? null
}

/**
 * Writes a SpeLLM: `spellm.json`, `tail.safetensors` and, if it has one, `sampling-tail.safetensors`.
 *
 * @throws SpellmError for errors of the operating system
 */
export async function saveSpellm(
  folder: string,
  base: BaseReference,
  {
    speller,
    adapterWidths,
    weights,
    samplingWeights = null,
    gates,
    precision,
    mode,
    contextSymbols = 0,
    anchor = 0,
    doubts = null,
    hiddenSize,
  }: Pick<Spellm, 'speller' | 'adapterWidths' | 'weights' | 'gates' | 'precision'> & {
    /** Default: none. */
    readonly samplingWeights?: TailWeights | null
    /** Default: 0. */
    readonly contextSymbols?: number
    /** Default: 0. */
    readonly anchor?: number
    /** Default: none. */
    readonly doubts?: SpellmDoubts | null
    /** Default: trie. */
    readonly mode?: DecodeMode
    readonly hiddenSize: number
  },
): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (error) {
    throw describeSystemError(error, folder)
  }
  const shapes = tailParameterShapes(tailShape(hiddenSize, adapterWidths, speller))
  const writeTail = async (file: string, own: TailWeights) => {
    const tensors = Object.fromEntries(
      [...shapes].map(([name, shape]) => [name, { dtype: 'F32' as const, shape, data: own.get(name)! }]),
    )
    await writeSafetensors(join(folder, file), tensors, { format: 'pt' })
  }
  await writeTail(tailFile, weights)
  if (samplingWeights) await writeTail(samplingTailFile, samplingWeights)
  if (doubts) await writeDoubts(join(folder, doubtsFile), doubts)
  const { k, alphabet, words } = speller
  await writeJsonAtomically(join(folder, configFile), {
    format: !alphabet.tokenSymbols ? 1 : anchor === 0 ? 2 : 3,
    base,
    precision,
    mode: mode ?? 'trie',
    k,
    alphabet,
    adapterWidths: [...adapterWidths],
    words: words.map((tokens) => [...tokens]),
    contestWinners: contestWinners(speller),
    gates: [...gates],
    samplingTail: samplingWeights !== null,
    contextSymbols,
    anchor,
  } satisfies z.infer<typeof configSchema>)
}

/**
 * Opens a SpeLLM and its base model.
 *
 * @param options.basePath where the base model is now, if it has moved
 * @param options.precision the base model's; default: what the tail has learnt with
 * @throws SpellmError 'file-not-found' | 'file-invalid' | 'run-mismatch' (the base is another model than the
 *   one that was converted), and as `openBaseModel`
 */
export async function openSpellm(
  folder: string,
  {
    basePath,
    precision: chosen,
    quantization,
  }: {
    readonly basePath?: string | undefined
    readonly precision?: Precision | undefined
    readonly quantization?: QuantizationPlace | undefined
  } = {},
): Promise<Spellm> {
  const config = await readJsonFile(join(folder, configFile), configSchema, { maxBytes: maxConfigBytes })
  const stored = await openBaseModel(modelFolder(basePath ?? config.base.path))
  const sha256 = await hashBaseModel(stored)
  if (sha256 !== config.base.sha256)
    throw new SpellmError(
      'run-mismatch',
      `${folder} was made from a base model with sha256 ${config.base.sha256}, but ${stored.folder} has ${sha256}.`,
      'Put the original base model back where it was, or name the folder where it is now.',
    )
  if (config.format > 1 !== (config.alphabet.tokenSymbols !== undefined))
    throw new SpellmError(
      'file-invalid',
      `${join(folder, configFile)}: 'format' is ${config.format}, which does not go with an alphabet ${config.format > 1 ? 'without' : 'with'} token symbols.`,
      'The file is damaged or from another SpeLLM: convert the model again.',
    )
  const precision = chosen ?? config.precision
  const base = await withPrecision(stored, precision, sha256, quantization)
  const tokenizer = await openModelTokenizer(base)
  const winners = new Uint8Array(tokenizer.vocabularySize)
  for (const token of config.contestWinners) if (token < winners.length) winners[token] = 1
  const unknown = config.words.flat().find((token) => token >= tokenizer.vocabularySize)
  if (unknown !== undefined)
    throw new SpellmError(
      'file-invalid',
      `${join(folder, configFile)}: 'words' has token ${unknown}; the tokenizer has ${tokenizer.vocabularySize}.`,
      'The file is damaged or from another SpeLLM: convert the model again.',
    )
  const speller = buildSpeller(tokenizer.entries, config.alphabet, config.k, winners, config.words)
  const { adapterWidths, gates, mode } = config
  const readWeights = (file: string) =>
    readTail(join(folder, file), base.architecture.hiddenSize, adapterWidths, speller)
  const weights = await readWeights(tailFile)
  const samplingWeights = config.samplingTail ? await readWeights(samplingTailFile) : null
  const doubts = config.format > 1 ? await readDoubts(join(folder, doubtsFile)) : null
  const { contextSymbols } = config
  return {
    base,
    baseSha256: sha256,
    precision,
    mode,
    tokenizer,
    speller,
    adapterWidths,
    weights,
    samplingWeights,
    gates,
    contextSymbols,
    anchor: config.format === 3 ? config.anchor : 0,
    doubts,
  }
}

async function readTail(
  path: string,
  hiddenSize: number,
  adapterWidths: readonly number[],
  speller: Speller,
): Promise<TailWeights> {
  const { tensors } = await openSafetensors(path)
  const weights = new Map<string, Float32Array>()
  for (const [name, shape] of tailParameterShapes(tailShape(hiddenSize, adapterWidths, speller))) {
    const entry = tensors.get(name)
    if (entry?.shape.join() !== shape.join() || entry.dtype !== 'F32')
      throw new SpellmError(
        'file-invalid',
        `${path}: '${name}' should be F32 [${shape.join(', ')}]${entry ? `, it is ${entry.dtype} [${entry.shape.join(', ')}]` : ', it is missing'}.`,
        'The file is damaged or from another SpeLLM: convert the model again.',
      )
    weights.set(name, await readTensor(entry))
  }
  return weights
}
