import { join } from 'node:path'
import * as library from '@huggingface/tokenizers'
import { z } from 'zod'
import { SpellmError } from '../errors.ts'
import type { VocabularyEntry } from '../spelling/vocabulary.ts'
import { byteSymbols } from './byte-symbols.ts'
import { readJsonFile } from './json-file.ts'

/** Text ↔ token ids, and what each token stands for. */
export interface Tokenizer {
  /** Highest id + 1. */
  readonly vocabularySize: number
  /** [vocabularySize] by id. Ids that the tokenizer doesn't use are special entries without bytes. */
  readonly entries: readonly VocabularyEntry[]
  /** The tokens of a text, without tokens that mark its beginning or end. */
  encode(text: string): number[]
  /** The text of tokens; special tokens are left out, bytes that aren't UTF-8 become U+FFFD. */
  decode(ids: Iterable<number>): string
}

const maxTokenizerBytes = 256 << 20
const maxConfigBytes = 16 << 20
const maxVocabularySize = 4_194_304

const tokenId = z
  .int()
  .min(0)
  .max(maxVocabularySize - 1)
const tokenizerSchema = z.looseObject({
  added_tokens: z
    .array(z.looseObject({ id: tokenId, content: z.string(), special: z.boolean().default(false) }))
    .default([]),
  model: z.looseObject({
    type: z.string().default('BPE'),
    vocab: z.unknown().optional(),
    byte_fallback: z.boolean().default(false),
  }),
  decoder: z.unknown().optional(),
  pre_tokenizer: z.unknown().optional(),
})
const vocabularySchema = z.record(z.string(), tokenId)

/** The parts of the library's tokenizer that we use; its own types can't be resolved by Node's rules. */
interface LibraryTokenizer {
  encode(text: string, options: { add_special_tokens: boolean }): { ids: number[] }
}
const LibraryTokenizer = (
  library as unknown as { Tokenizer: new (tokenizer: object, config: object) => LibraryTokenizer }
).Tokenizer

/**
 * Opens a folder's tokenizer.json (with its tokenizer_config.json, if there is one). Supported is byte-pair
 * encoding, byte-level as in GPT-2 and Llama 3 or with byte fallback as in SentencePiece.
 *
 * @throws SpellmError 'file-not-found' | 'file-invalid' | 'model-unsupported'
 */
export async function openTokenizer(folder: string): Promise<Tokenizer> {
  const path = join(folder, 'tokenizer.json')
  const json = await readJsonFile(path, tokenizerSchema, { maxBytes: maxTokenizerBytes })
  if (json.model.type !== 'BPE')
    throw new SpellmError(
      'model-unsupported',
      `${path}: tokenizers of the type '${json.model.type.slice(0, 40)}' are not supported yet; supported is 'BPE'.`,
      'Choose a model with a byte-pair tokenizer.',
    )
  const config = await readJsonFile(join(folder, 'tokenizer_config.json'), z.looseObject({}), {
    maxBytes: maxConfigBytes,
  }).catch((error: unknown) => {
    if (error instanceof SpellmError && error.code === 'file-not-found') return {}
    throw error
  })
  const vocabulary = vocabularySchema.safeParse(json.model.vocab)
  if (!vocabulary.success)
    throw new SpellmError(
      'file-invalid',
      `${path}: 'model.vocab' is not a table of tokens and ids.`,
      'Download this file again.',
    )

  const toBytes = usesByteLevel(json.decoder, json.pre_tokenizer) ? byteLevelBytes : sentencePieceBytes
  const size =
    Math.max(-1, ...json.added_tokens.map(({ id }) => id), ...maximum(Object.values(vocabulary.data))) + 1
  const entries: VocabularyEntry[] = Array.from({ length: size }, () => ({
    bytes: new Uint8Array(),
    special: true,
    content: '',
  }))
  for (const [content, id] of Object.entries(vocabulary.data))
    entries[id] = { bytes: toBytes(content), special: false, content }
  for (const { id, content, special } of json.added_tokens)
    entries[id] = { bytes: special ? new Uint8Array() : new TextEncoder().encode(content), special, content }

  let tokenizer: LibraryTokenizer
  try {
    tokenizer = new LibraryTokenizer(json, config)
  } catch (error) {
    throw new SpellmError(
      'file-invalid',
      `${path}: ${error instanceof Error ? error.message : String(error)}.`,
      'Download this file again.',
      { cause: error },
    )
  }
  return {
    vocabularySize: size,
    entries,
    encode: (text) => tokenizer.encode(text, { add_special_tokens: false }).ids,
    decode: (ids) => {
      const stream = createTextStream(entries)
      return [...ids].map((id) => stream.push(id)).join('') + stream.flush()
    },
  }
}

/** Turns tokens into text one by one, holding back a character until all of its bytes are there. */
export interface TextStream {
  /** The text that became complete with this token. */
  push(id: number): string
  /** What is left; bytes of an unfinished character become U+FFFD. */
  flush(): string
}

/** A stream for the text of `entries`' tokens. Special tokens add nothing. */
export function createTextStream(entries: readonly VocabularyEntry[]): TextStream {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  return {
    push: (id) => decoder.decode(entries[id]?.bytes ?? new Uint8Array(), { stream: true }),
    flush: () => decoder.decode(),
  }
}

function maximum(values: readonly number[]): number[] {
  return values.length === 0 ? [] : [values.reduce((a, b) => Math.max(a, b))]
}

/** Whether a decoder or pre-tokenizer, or one within a sequence of them, is GPT-2's ByteLevel. */
function usesByteLevel(...parts: readonly unknown[]): boolean {
  return parts.some((part) => {
    if (typeof part !== 'object' || part === null) return false
    if ('type' in part && part.type === 'ByteLevel') return true
    return ['decoders', 'pretokenizers'].some((list) => {
      const nested = (part as Record<string, unknown>)[list]
      return Array.isArray(nested) && usesByteLevel(...(nested as unknown[]))
    })
  })
}

const byteOfSymbol: ReadonlyMap<string, number> = new Map(byteSymbols.map((symbol, byte) => [symbol, byte]))

function byteLevelBytes(content: string): Uint8Array {
  const bytes = Array.from(content, (character) => byteOfSymbol.get(character))
  // A token with a character outside of the table was added by hand and stands for itself.
  return bytes.every((byte) => byte !== undefined)
    ? Uint8Array.from(bytes)
    : new TextEncoder().encode(content)
}

function sentencePieceBytes(content: string): Uint8Array {
  const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(content)?.[1]
  return byte === undefined
    ? new TextEncoder().encode(content.replaceAll('▁', ' '))
    : Uint8Array.of(parseInt(byte, 16))
}
