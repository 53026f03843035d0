/**
 * Trains the sample model's tokenizer on generated stories and writes `tokenizer.json` and
 * `tokenizer_config.json` beside this file:
 *
 *     npx tsx resources/sample-model/train-tokenizer.ts
 */
import { rename, writeFile } from 'node:fs/promises'
import { stories } from '../stories/stories.ts'
import { byteSymbols } from '../../src-main/tokenizer/byte-symbols.ts'
import { countByteLevelWords } from './byte-level.ts'
import { trainBytePairEncoding } from './byte-pair-encoding.ts'

const seed = 1
const corpusCharacters = 8_000_000
const vocabularySize = 4_096
const minimumCount = 10
const endOfText = '<|endoftext|>'

function* corpus(): Generator<string> {
  let characters = 0
  for (const story of stories(seed)) {
    if (characters >= corpusCharacters) return
    characters += story.length
    yield story
  }
}

const base = [endOfText, ...byteSymbols]
const merges = trainBytePairEncoding(
  countByteLevelWords(corpus()),
  vocabularySize - base.length,
  minimumCount,
)
const tokens = new Set([...base, ...merges.map(({ merge }) => merge.join(''))])
if (tokens.size !== vocabularySize) {
  throw new Error(
    `The stories yield ${tokens.size} entries of at least ${minimumCount} occurrences, ` +
      `${vocabularySize} are needed: give the stories more words.`,
  )
}

const special = {
  content: endOfText,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: true,
}

// Each story begins with it, as the model has learnt.
const beginText = { SpecialToken: { id: endOfText, type_id: 0 } }
const text = (id: 'A' | 'B') => ({ Sequence: { id, type_id: 0 } })

await writeJson('tokenizer.json', {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: [{ id: 0, ...special }],
  normalizer: null,
  pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
  post_processor: {
    type: 'TemplateProcessing',
    single: [beginText, text('A')],
    pair: [beginText, text('A'), text('B')],
    special_tokens: { [endOfText]: { id: endOfText, ids: [0], tokens: [endOfText] } },
  },
  decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
  model: {
    type: 'BPE',
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    byte_fallback: false,
    ignore_merges: false,
    vocab: Object.fromEntries([...tokens].map((token, id) => [token, id])),
    merges: merges.map(({ merge }) => merge.join(' ')),
  },
})
await writeJson('tokenizer_config.json', {
  tokenizer_class: 'PreTrainedTokenizerFast',
  bos_token: endOfText,
  eos_token: endOfText,
  add_prefix_space: false,
  clean_up_tokenization_spaces: false,
  added_tokens_decoder: { '0': special },
})
console.log(`${tokens.size} entries, the rarest merge occurred ${merges.at(-1)?.count ?? 0} times`)

async function writeJson(name: string, value: unknown): Promise<void> {
  const target = new URL(name, import.meta.url)
  const partial = new URL(`${name}.partial`, import.meta.url)
  await writeFile(partial, JSON.stringify(value, null, 1) + '\n', { flush: true })
  await rename(partial, target)
}
