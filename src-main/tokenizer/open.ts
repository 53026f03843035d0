import { join } from 'node:path'
import { z } from 'zod'
import { SpellmError } from '../base/errors.ts'
import type { VocabularyEntry } from './vocabulary-entry.ts'
import { openIfGguf } from '../formats/gguf.ts'
import { tokenizerJson } from './gguf/tokenizer-json.ts'
import { readJsonFile } from '../formats/json-file.ts'
import { addedTokensSchema, createSectionSplitter, type AddedToken } from './added-tokens.ts'
import { buildBpe } from './bpe.ts'
import { buildDecoder, type TokenDecoder } from './decoder.ts'
import { requireModestGrowth } from './growth.ts'
import { buildNormalizer } from './normalizer.ts'
import { build, fieldOf, invalid, quoted, type Builder, type JsonPath } from './json-path.ts'
import { buildFrame, type Frame } from './post-processor.ts'
import { buildPreTokenizer } from './pre-tokenizer.ts'
import { createTextStream, type TextStream } from './text-stream.ts'
import { withinTime } from '../formats/time-limit.ts'
import { buildUnigram } from './unigram.ts'
import type { Model } from './vocabulary.ts'

interface EncodeOptions {
  /**
   * Take what special tokens are written like for ordinary text, as the reference's `split_special_tokens` does.
   * Off, as in the reference: a text that has '<|im_end|>' in it ends the message there, whoever wrote it. Chat
   * prompts need that; for text of strangers inside of one, nothing else is done by the reference, nor here.
   */
  readonly splitSpecialTokens?: boolean
}

/** Text ↔ token ids, and what each token stands for. */
export interface Tokenizer {
  /** Where it was read, for messages. */
  readonly file: string
  /** Highest id + 1. */
  readonly vocabularySize: number
  /**
   * [vocabularySize] by id: the bytes are those that the token adds within a text. Ids that the tokenizer doesn't
   * use are special entries without bytes.
   */
  readonly entries: readonly VocabularyEntry[]
  /** What the tokenizer puts around a text that stands alone, such as the token that begins a text. */
  readonly frame: Frame
  /**
   * The tokens of a text, without those of `frame`. Half a surrogate pair counts as U+FFFD.
   *
   * @throws SpellmError 'file-invalid' where the file's patterns take too long on this text, or it has no token for
   *   a character
   */
  encode(text: string, options?: EncodeOptions): number[]
  /**
   * The text of tokens that begin one; special tokens are left out, bytes that aren't UTF-8 become U+FFFD. Where the
   * tokenizer adds a space before a text (SentencePiece's dummy prefix), it is dropped again.
   */
  decode(ids: Iterable<number>): string
  /** The text that tokens add to one before them; a word keeps its leading space. Otherwise as `decode`. */
  decodeContinuation(ids: Iterable<number>): string
  /** A stream for the tokens that follow those of `before`; without any that stand for text, it begins a text. */
  createTextStream(before: Iterable<number>): TextStream
}

const maxTokenizerBytes = 256 << 20

const tokenizerSchema = z.looseObject({
  added_tokens: addedTokensSchema,
  normalizer: z.unknown().optional(),
  pre_tokenizer: z.unknown().optional(),
  model: z.unknown(),
  decoder: z.unknown().optional(),
  post_processor: z.unknown().optional(),
})

const models: ReadonlyMap<string, Builder<Model>> = new Map([
  ['BPE', buildBpe],
  ['Unigram', buildUnigram],
])

/** Time that a text may take, far above what real patterns need: a fixed share and one for each UTF-16 unit. */
const encodeMilliseconds = 5_000
const encodeMillisecondsPerUnit = 0.02
const openMilliseconds = 30_000

/**
 * Opens a folder's tokenizer.json, or the vocabulary in a GGUF file. Supported are byte-pair encoding, byte-level or with SentencePiece's byte
 * fallback, and Unigram. A part of the pipeline that isn't known is refused by its name, since leaving it out would
 * give wrong tokens.
 *
 * @throws SpellmError 'file-not-found' | 'file-invalid' | 'model-unsupported'
 */
export async function openTokenizer(path: string): Promise<Tokenizer> {
  const gguf = await openIfGguf(path)
  const file = gguf?.path ?? join(path, 'tokenizer.json')
  const json = gguf
    ? () => tokenizerSchema.parse(tokenizerJson(gguf))
    : await readJsonFile(file, tokenizerSchema, { maxBytes: maxTokenizerBytes })
  return bounded(
    file,
    openMilliseconds,
    () => createTokenizer(typeof json === 'function' ? json() : json, file),
    `reading it takes longer than ${openMilliseconds / 1000} s`,
  )
}

/** Runs what a file from anywhere asks for: too much time, depth or memory is an error of the file. */
function bounded<T>(file: string, milliseconds: number, task: () => T, whenSlow: string): T {
  try {
    return withinTime(milliseconds, task, () => tooSlow(file, whenSlow))
  } catch (error) {
    // Too deep a recursion, or a text longer than any may be.
    if (error instanceof RangeError)
      throw new SpellmError('file-invalid', `${file}: ${error.message}.`, remedyForHostile, { cause: error })
    throw error
  }
}

function createTokenizer(json: z.infer<typeof tokenizerSchema>, file: string): Tokenizer {
  const at = (field: string): JsonPath => ({ file, field })
  const normalize = buildNormalizer(json.normalizer, at('normalizer'))
  const preTokenize = buildPreTokenizer(json.pre_tokenizer, at('pre_tokenizer'))
  const model = build(models, withModelType(json.model), at('model'))
  const decoder = buildDecoder(json.decoder, at('decoder'))
  const frame = buildFrame(json.post_processor, at('post_processor'))
  const entries = createEntries(json.added_tokens, model, decoder, file)

  const isNormalized = ({ normalized, special }: AddedToken) => normalized ?? !special
  const splitRaw = createSectionSplitter(
    json.added_tokens.filter((token) => !isNormalized(token)),
    ({ content }) => content,
  )
  const splitNormalized = createSectionSplitter(json.added_tokens.filter(isNormalized), ({ content }) =>
    normalize(content),
  )
  const encodeText = (text: string, splitSpecialTokens: boolean): number[] => {
    const ids: number[] = []
    for (const raw of splitRaw(text, splitSpecialTokens)) {
      if (raw.token !== null) {
        ids.push(raw.token)
        continue
      }
      const normalized = normalize(raw.text)
      requireModestGrowth(raw.text.length, normalized.length, at('normalizer'))
      for (const section of splitNormalized(normalized, splitSpecialTokens)) {
        if (section.token !== null) {
          ids.push(section.token)
          continue
        }
        const beginText = raw.isFirst && section.isFirst
        for (const piece of preTokenize({ texts: [section.text], beginText }).texts) model.encode(piece, ids)
      }
    }
    return ids
  }
  const write = (ids: Iterable<number>, stream: TextStream) => {
    let text = ''
    for (const id of ids) text += stream.push(id)
    return text + stream.flush()
  }
  return {
    file,
    vocabularySize: entries.length,
    entries,
    frame,
    encode: (text, { splitSpecialTokens = false } = {}) =>
      bounded(
        file,
        encodeMilliseconds + encodeMillisecondsPerUnit * text.length,
        () => encodeText(text.replace(/\p{Surrogate}/gu, '\ufffd'), splitSpecialTokens),
        `its patterns take too long on a text of ${text.length} characters`,
      ),
    decode: (ids) => write(ids, createTextStream(entries, decoder, true)),
    decodeContinuation: (ids) => write(ids, createTextStream(entries, decoder, false)),
    createTextStream: (before) => {
      const followsText = [...before].some((id) => (entries[id]?.bytes.length ?? 0) > 0)
      return createTextStream(entries, decoder, !followsText)
    },
  }
}

/** Old files leave out the type of the model, which then is what its fields tell. */
function withModelType(json: unknown): unknown {
  return typeof json === 'object' && json !== null && !('type' in json) && 'merges' in json
    ? { type: 'BPE', ...json }
    : json
}

const unusedEntry: VocabularyEntry = { bytes: new Uint8Array(), special: true, content: '' }

/** @throws SpellmError 'file-invalid' for a token of two ids, or an id of two tokens */
function createEntries(
  addedTokens: readonly AddedToken[],
  { vocabulary, learnt }: Model,
  decoder: TokenDecoder,
  file: string,
): VocabularyEntry[] {
  let size = 0
  for (const id of vocabulary.values()) size = Math.max(size, id + 1)
  for (const { id } of addedTokens) size = Math.max(size, id + 1)
  const entries = new Array<VocabularyEntry>(size).fill(unusedEntry)
  for (const [content, id] of vocabulary)
    entries[id] = { bytes: decoder.bytesOf(content), special: false, content }
  for (const [rank, id] of learnt.entries()) entries[id] = { ...entries[id]!, rank }
  const idOf = new Map<string, number>()
  for (const [i, { id, content, special }] of addedTokens.entries()) {
    const place = fieldOf({ file, field: 'added_tokens' }, i)
    const otherId = idOf.get(content) ?? vocabulary.get(content)
    if (otherId !== undefined && otherId !== id)
      throw invalid(place, `token ${quoted(content)} has the id ${id} here and ${otherId} elsewhere`)
    const other = entries[id]!
    if (other !== unusedEntry && other.content !== content)
      throw invalid(place, `the id ${id} of ${quoted(content)} is that of ${quoted(other.content)}`)
    idOf.set(content, id)
    entries[id] = { bytes: special ? unusedEntry.bytes : decoder.bytesOf(content), special, content }
  }
  return entries
}

const remedyForHostile =
  'Get the tokenizer from a source that you trust; this one is broken or made to block the program.'

function tooSlow(file: string, what: string): SpellmError {
  return new SpellmError('file-invalid', `${file}: ${what}.`, remedyForHostile)
}
