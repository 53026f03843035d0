import { isAbsolute } from 'node:path'
import { stat } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import type { TextPreview } from '../../contract/index.ts'
import { defaultDistillSettings } from '../../distill/train-tail.ts'
import { collectTokens, countTokens } from '../../distill/corpus.ts'
import { describeSystemError, SpellmError } from '../../base/errors.ts'
import { fileStamp } from '../../formats/file-stamp.ts'
import type { Tokenizer } from '../../tokenizer/index.ts'
import { openModelTokenizer, type BaseModel } from '../../models/base-model.ts'
import { conversionDocuments } from '../../conversion/conversion-text.ts'
import type { VocabularyEntry } from '../../tokenizer/vocabulary-entry.ts'
import type { CountedText } from '../../spelling/text-speller.ts'
import { countWords, type UnitKind } from '../../spelling/words.ts'
import { openReferencedModel } from '../library/model-library.ts'
import { createLru } from '../../base/lru.ts'

/** A base model with its tokenizer. */
interface TokenizedModel {
  /** Changes with the model's files. */
  readonly stamp: string
  readonly base: BaseModel
  readonly tokenizer: Tokenizer
}

/** The beginning of the text that a conversion would learn from, as tokens. */
export interface CorpusSample {
  /** Changes with the text's files and the model's. */
  readonly stamp: string
  readonly ids: Int32Array
  /** How often each token occurs in it, [V]. */
  readonly counts: Uint32Array
  /** UTF-8 bytes of the documents that were read. */
  readonly bytes: number
  /** Whether that was all of the text. */
  readonly isWhole: boolean
}

/** What text a conversion would learn from, read once and kept until the files change. */
export interface CorpusSamples {
  /** Opens a model with its tokenizer. Throws SpellmError as `openReferencedModel` and `openModelTokenizer`. */
  model(reference: string): Promise<TokenizedModel>
  /**
   * The beginning of the text; null where the base model is to write it itself.
   *
   * @throws SpellmError 'setting-invalid' | 'text-invalid' | 'file-not-found', and as `model`
   */
  sample(reference: string, texts: readonly string[]): Promise<CorpusSample | null>
  /** What a person sees of the text. Throws SpellmError as `sample`. */
  preview(reference: string, texts: readonly string[]): Promise<TextPreview>
}

/** Enough for the frequencies of all but the rarest tokens, and counted in a second. */
const countedTokens = 100_000
const shownDocuments = 5
const shownCharacters = 2_000

/** Samples of nothing yet. */
export function createCorpusSamples(): CorpusSamples {
  const models = createLru<TokenizedModel>(2)
  const samples = createLru<CorpusSample | null>(4)

  const model = async (reference: string) => {
    const base = await openReferencedModel(reference)
    const stamp = await fileStamp(base.files)
    return models.get(stamp, async () => ({ stamp, base, tokenizer: await openModelTokenizer(base) }))
  }
  const sample = async (reference: string, texts: readonly string[]) => {
    requireAbsolute(texts)
    const opened = await model(reference)
    const stamp = `${opened.stamp} ${await fileStamp(texts)}`
    return samples.get(stamp, () => readSample(opened, reference, texts, stamp))
  }
  return {
    model,
    sample,
    preview: async (reference, texts) => {
      const counted = await sample(reference, texts)
      const bytes = await totalBytes(texts)
      return {
        documents: await firstDocuments(reference, texts),
        bytes,
        tokens: counted && texts.length > 0 ? estimateTokens(counted, bytes) : null,
      }
    },
  }
}

/** How often each token is wanted, [V]: as the text has it; without one, each token that stands for text counts once. */
export function usageOf(
  entries: readonly VocabularyEntry[],
  sample: Pick<CorpusSample, 'counts'> | null,
): Float64Array {
  return Float64Array.from(sample?.counts ?? entries.map(({ special }) => (special ? 0 : 1)))
}

/** What a sample has, counted as a conversion counts its text: words too where these are spelled; null: there is no sample. */
export function countedText(
  entries: readonly VocabularyEntry[],
  sample: Pick<CorpusSample, 'ids' | 'counts'> | null,
  units: UnitKind,
): CountedText | null {
  return sample && { counts: sample.counts, words: units === 'word' ? countWords(sample.ids, entries) : null }
}

/** Tokens of a text of `bytes` bytes that begins with the sample. */
export function estimateTokens({ ids, bytes: sampledBytes, isWhole }: CorpusSample, bytes: number): number {
  return isWhole ? ids.length : Math.round((ids.length / sampledBytes) * Math.max(bytes, sampledBytes))
}

/** Bytes of text files together. Throws SpellmError 'file-not-found' | 'permission-denied'. */
export async function totalBytes(paths: readonly string[]): Promise<number> {
  let bytes = 0
  for (const path of paths) {
    const { size } = await stat(path).catch((error: unknown) => {
      throw describeSystemError(error, path)
    })
    bytes += size
  }
  return bytes
}

/** Throws SpellmError 'setting-invalid' for a path that depends on where the engine runs. */
export function requireAbsolute(paths: readonly string[]): void {
  const relative = paths.find((path) => !isAbsolute(path))
  if (relative !== undefined)
    throw new SpellmError('setting-invalid', `'${relative}' isn't an absolute path.`, 'Enter the full path.')
}

async function readSample(
  { base, tokenizer }: TokenizedModel,
  reference: string,
  texts: readonly string[],
  stamp: string,
): Promise<CorpusSample | null> {
  const documents = conversionDocuments({ base: reference, texts, seed: defaultDistillSettings.seed })
  if (documents === null) return null
  let bytes = 0
  async function* counted(source: NonNullable<typeof documents>) {
    for await (const document of source) {
      bytes += Buffer.byteLength(document)
      yield document
      // Tokenizing runs on this thread: let other requests in between.
      await setImmediate()
    }
  }
  const limits = { limit: countedTokens, minimum: 1 }
  const ids = await collectTokens(counted(documents), tokenizer, base.architecture, limits)
  const isWhole = ids.length < countedTokens
  return { stamp, ids, counts: countTokens(ids, tokenizer.vocabularySize), bytes, isWhole }
}

async function firstDocuments(reference: string, texts: readonly string[]): Promise<string[]> {
  const shown: string[] = []
  const documents = conversionDocuments({ base: reference, texts, seed: defaultDistillSettings.seed })
  for await (const document of documents ?? []) {
    shown.push(document.slice(0, shownCharacters))
    if (shown.length === shownDocuments) break
  }
  return shown
}
