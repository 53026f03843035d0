import { z } from 'zod'
import { invalidGguf } from '../../formats/gguf/errors.ts'
import { readField, type GgufMetadata } from '../../formats/gguf/metadata.ts'
import type { GgufFile } from '../../formats/gguf/header.ts'

/** What a token is, by the numbers of llama.cpp. */
export const tokenTypes = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const

export type SpecialTokenName = 'bos' | 'eos' | 'unknown' | 'padding' | 'eot' | 'eom'

/** A GGUF's vocabulary as it stands in the file. */
export interface GgufVocabulary {
  /** `tokenizer.ggml.model`: 'gpt2' (byte-level BPE), 'llama' (SentencePiece BPE), 't5' (Unigram). */
  readonly model: string
  readonly tokens: readonly string[]
  /** One for each token; all normal where the file has none. */
  readonly types: ArrayLike<number>
  /** Ids of tokens with a part of their own; one that the file doesn't name is missing. */
  readonly special: Readonly<Partial<Record<SpecialTokenName, number>>>
}

/** Four times the largest known vocabulary. */
const maxTokens = 1_048_576

const strings = z.custom<readonly string[]>(
  (value) => Array.isArray(value) && value.every((entry) => typeof entry === 'string'),
  'expected a list of texts',
)
export const stringList = strings.optional()

/** Numbers of up to 32 bits. */
export const numberList = z.custom<ArrayLike<number>>(
  (value) =>
    ArrayBuffer.isView(value) && !(value instanceof BigInt64Array) && !(value instanceof BigUint64Array),
  'expected a list of numbers',
)

const tokenId = z.int().min(0).optional()
const specialKeys: Readonly<Record<SpecialTokenName, string>> = {
  bos: 'tokenizer.ggml.bos_token_id',
  eos: 'tokenizer.ggml.eos_token_id',
  unknown: 'tokenizer.ggml.unknown_token_id',
  padding: 'tokenizer.ggml.padding_token_id',
  eot: 'tokenizer.ggml.eot_token_id',
  eom: 'tokenizer.ggml.eom_token_id',
}

/**
 * Reads the vocabulary from a file's metadata.
 *
 * @throws SpellmError 'file-invalid' naming the key
 */
export function readVocabulary(file: Pick<GgufFile, 'path' | 'metadata'>): GgufVocabulary {
  const { path } = file
  const model = readField(file, 'tokenizer.ggml.model', z.string())
  const tokens = readField(file, 'tokenizer.ggml.tokens', strings)
  if (tokens.length > maxTokens)
    throw invalidGguf(
      path,
      `'tokenizer.ggml.tokens' has ${tokens.length} tokens; at most ${maxTokens} can be`,
    )
  const types =
    readField(file, 'tokenizer.ggml.token_type', numberList.optional()) ??
    new Uint8Array(tokens.length).fill(tokenTypes.normal)
  if (types.length !== tokens.length)
    throw invalidGguf(
      path,
      `'tokenizer.ggml.token_type' has ${types.length} entries for ${tokens.length} tokens`,
    )
  const special: Partial<Record<SpecialTokenName, number>> = {}
  for (const name of Object.keys(specialKeys) as SpecialTokenName[]) {
    const id = readField(file, specialKeys[name], tokenId)
    if (id === undefined) continue
    if (id >= tokens.length)
      throw invalidGguf(path, `'${specialKeys[name]}' is ${id}; there are ${tokens.length} tokens`)
    special[name] = id
  }
  return { model, tokens, types, special: { ...defaults(model, tokens.length), ...special } }
}

/** What llama.cpp takes where a file names none. */
function defaults(model: string, count: number): Partial<Record<SpecialTokenName, number>> {
  const ids: Partial<Record<SpecialTokenName, number>> =
    model === 'llama'
      ? { bos: 1, eos: 2, unknown: 0 }
      : model === 't5'
        ? { eos: 1, unknown: 2, padding: 0 }
        : {}
  return Object.fromEntries(Object.entries(ids).filter(([, id]) => id < count))
}

/** A boolean of the metadata; undefined where it is missing. */
export function readFlag(
  file: { readonly path: string; readonly metadata: GgufMetadata },
  key: string,
): boolean | undefined {
  return readField(file, key, z.boolean().optional())
}
