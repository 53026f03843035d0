import { z } from 'zod'
import { byteSymbols } from '../byte-symbols.ts'
import { invalidGguf, unsupportedGguf } from '../../formats/gguf/errors.ts'
import { impliedMerges } from './merges.ts'
import { readField } from '../../formats/gguf/metadata.ts'
import type { GgufFile } from '../../formats/gguf/header.ts'
import { preTokenizers } from './pre-tokenizers.ts'
import {
  numberList,
  readFlag,
  readVocabulary,
  stringList,
  tokenTypes,
  type GgufVocabulary,
} from './vocabulary.ts'

type Json = Readonly<Record<string, unknown>>

const gemmas = ['gemma', 'gemma2', 'gemma3']

/**
 * A GGUF's vocabulary in the form of tokenizer.json, with the pipeline that its names stand for.
 *
 * @throws SpellmError 'file-invalid' | 'model-unsupported' (a kind of tokenizer that we don't have, or a name for the
 *   splitting of texts that isn't known)
 */
export function tokenizerJson(file: GgufFile): Json {
  const vocabulary = readVocabulary(file)
  switch (vocabulary.model) {
    case 'gpt2':
      return byteLevelBpe(file, vocabulary)
    case 'llama':
      return sentencePiece(file, vocabulary)
    case 't5':
      return unigram(file, vocabulary)
    default:
      throw unsupportedGguf(
        file.path,
        `a tokenizer of the kind '${vocabulary.model.slice(0, 40)}' is not supported; supported are gpt2, llama and t5`,
      )
  }
}

function byteLevelBpe(file: GgufFile, vocabulary: GgufVocabulary): Json {
  const name = readField(file, 'tokenizer.ggml.pre', z.string().optional())
  const known = preTokenizers.get(name ?? '')
  if (!known)
    throw unsupportedGguf(
      file.path,
      name === undefined
        ? "it doesn't say how texts are split ('tokenizer.ggml.pre')"
        : `the way '${name.slice(0, 40)}' to split texts ('tokenizer.ggml.pre') is not known`,
      'Choose a newer GGUF file of the model, or its folder with safetensors weights.',
    )
  const merges = readField(file, 'tokenizer.ggml.merges', stringList)
  if (!merges) throw invalidGguf(file.path, "the metadata key 'tokenizer.ggml.merges' is missing")
  const isNormal = (id: number) =>
    [tokenTypes.normal, tokenTypes.userDefined, tokenTypes.byte].includes(vocabulary.types[id] as 1)
  return {
    normalizer: known.normalizer ?? null,
    pre_tokenizer: known.pre_tokenizer,
    decoder: { type: 'ByteLevel' },
    model: {
      type: 'BPE',
      vocab: table(file, vocabulary, (token, id) =>
        !isNormal(id) ? null : isInAlphabet(token) ? token : ownSpelling(vocabulary, token, id),
      ),
      // A piece may itself be written with a space only where it isn't in the alphabet.
      merges: merges.map((merge) => merge.split(' ')),
      ignore_merges: known.ignoreMerges ?? false,
    },
    added_tokens: addedTokens(vocabulary),
    post_processor: frame(file, vocabulary, { begin: known.addsBegin ?? false, end: false }),
  }
}

const alphabet = new Set(byteSymbols)
const isInAlphabet = (token: string) => Array.from(token).every((character) => alphabet.has(character))

/** A token outside of the alphabet stands for its text: added ones as they are, others by their bytes. */
function ownSpelling({ types }: GgufVocabulary, token: string, id: number): string | null {
  if (types[id] === tokenTypes.userDefined) return null
  return Array.from(Buffer.from(token), (byte) => byteSymbols[byte]!).join('')
}

function sentencePiece(file: GgufFile, { tokens: written, ...vocabulary }: GgufVocabulary): Json {
  const architecture = file.metadata.get('general.architecture')
  const isGemma = gemmas.includes(architecture as string)
  // Gemma's tokens of several spaces are written with spaces, all others with '▁'.
  const tokens = isGemma
    ? written.map((token) => (/^ +$/.test(token) ? '▁'.repeat(token.length) : token))
    : written
  const own = { tokens, ...vocabulary }
  const { types, special } = vocabulary
  const prefix = readFlag(file, 'tokenizer.ggml.add_space_prefix') ?? !isGemma
  const unknown = special.unknown === undefined ? null : tokens[special.unknown]!
  return {
    ...sentencePiecePipeline(prefix, isGemma ? 'gemma' : architecture === 'phi3' ? 'phi3' : 'llama'),
    model: {
      type: 'BPE',
      vocab: table(file, own, (token, id) => (types[id] === tokenTypes.unused ? null : token)),
      merges:
        readField(file, 'tokenizer.ggml.merges', stringList)?.map((merge) => merge.split(' ')) ??
        impliedMerges(
          file.path,
          tokens,
          isGemma ? (id) => -id : scoreOf(file, tokens.length),
          (id) => types[id] === tokenTypes.normal || types[id] === tokenTypes.userDefined,
        ),
      unk_token: unknown,
      fuse_unk: true,
      byte_fallback: true,
    },
    added_tokens: addedTokens({ ...own, tokens: written }, new Set(tokens)),
    post_processor: frame(file, own, { begin: true, end: false }),
  }
}

/** How texts and tokens become one another, in the three forms that transformers has. */
function sentencePiecePipeline(prefix: boolean, form: 'gemma' | 'phi3' | 'llama'): Json {
  const toMark = { type: 'Replace', pattern: { String: ' ' }, content: '▁' }
  const marked = { type: 'Replace', pattern: { String: '▁' }, content: ' ' }
  const decoder = {
    type: 'Sequence',
    decoders: [
      marked,
      { type: 'ByteFallback' },
      { type: 'Fuse' },
      ...(prefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
    ],
  }
  if (form === 'gemma' && !prefix) return { normalizer: toMark, decoder }
  if (form === 'phi3' && prefix)
    return {
      normalizer: { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, toMark] },
      decoder,
    }
  return {
    pre_tokenizer: { type: 'Metaspace', prepend_scheme: prefix ? 'first' : 'never', split: false },
    decoder,
  }
}

function unigram(file: GgufFile, vocabulary: GgufVocabulary): Json {
  const { tokens, special } = vocabulary
  const score = scoreOf(file, tokens.length)
  const charsmap = readField(file, 'tokenizer.ggml.precompiled_charsmap', numberList.optional())
  const prefix = readFlag(file, 'tokenizer.ggml.add_space_prefix') ?? true
  const metaspace = { type: 'Metaspace', prepend_scheme: prefix ? 'always' : 'never', split: true }
  const collapses = readFlag(file, 'tokenizer.ggml.remove_extra_whitespaces') ?? true
  return {
    normalizer: {
      type: 'Sequence',
      normalizers: [
        ...(charsmap
          ? [
              {
                type: 'Precompiled',
                precompiled_charsmap: Buffer.from(Uint8Array.from(charsmap)).toString('base64'),
              },
            ]
          : []),
        ...(collapses
          ? [
              { type: 'Strip', strip_left: true, strip_right: true },
              { type: 'Replace', pattern: { Regex: ' {2,}' }, content: ' ' },
            ]
          : []),
      ],
    },
    pre_tokenizer: metaspace,
    decoder: metaspace,
    model: {
      type: 'Unigram',
      vocab: tokens.map((token, id) => [token, score(id)]),
      unk_id: special.unknown ?? null,
      byte_fallback: false,
    },
    added_tokens: addedTokens(vocabulary),
    post_processor: frame(file, vocabulary, { begin: false, end: true }),
  }
}

function scoreOf(file: GgufFile, tokens: number): (id: number) => number {
  const scores = readField(file, 'tokenizer.ggml.scores', numberList)
  if (scores.length !== tokens)
    throw invalidGguf(file.path, `'tokenizer.ggml.scores' has ${scores.length} entries for ${tokens} tokens`)
  return (id) => scores[id]!
}

/** Tokens and ids, without a prototype, since a token may be '__proto__'. */
function table(
  { path }: GgufFile,
  { tokens }: GgufVocabulary,
  spelling: (token: string, id: number) => string | null,
): Readonly<Record<string, number>> {
  const ids = Object.create(null) as Record<string, number>
  for (const [id, token] of tokens.entries()) {
    const content = spelling(token, id)
    if (content === null) continue
    if (content in ids)
      throw invalidGguf(
        path,
        `'tokenizer.ggml.tokens' has the token ${JSON.stringify(token.slice(0, 60))} twice`,
      )
    ids[content] = id
  }
  return ids
}

/** Tokens that are found in a text before anything is split. */
function addedTokens({ tokens, types }: GgufVocabulary, known?: ReadonlySet<string>): Json[] {
  const added: Json[] = []
  for (const [id, content] of tokens.entries()) {
    const type = types[id]
    const isSpecial = type === tokenTypes.control || type === tokenTypes.unknown
    if (content === '' || (!isSpecial && type !== tokenTypes.userDefined)) continue
    if (known && !known.has(content)) continue
    added.push({ id, content, special: isSpecial, normalized: false })
  }
  return added
}

/** The tokens around a text that stands alone. */
function frame(
  file: GgufFile,
  { special }: GgufVocabulary,
  usual: { readonly begin: boolean; readonly end: boolean },
): Json {
  const begins = readFlag(file, 'tokenizer.ggml.add_bos_token') ?? usual.begin
  const ends = readFlag(file, 'tokenizer.ggml.add_eos_token') ?? usual.end
  const one = (name: 'bos' | 'eos', isThere: boolean) =>
    isThere && special[name] !== undefined ? [{ SpecialToken: { id: name } }] : []
  return {
    type: 'TemplateProcessing',
    single: [...one('bos', begins), { Sequence: { id: 'A' } }, ...one('eos', ends)],
    special_tokens: {
      bos: { ids: special.bos === undefined ? [] : [special.bos] },
      eos: { ids: special.eos === undefined ? [] : [special.eos] },
    },
  }
}
