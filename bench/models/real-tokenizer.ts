import { byteSymbols } from '../../src-main/tokenizer/byte-symbols.ts'
import { realVocabulary } from './real-vocabulary.ts'

const specialTokens = ['<|begin_of_text|>', '<|end_of_text|>']

/**
 * tokenizer.json of `size` tokens: one that begins a text, one that ends it, then the first of a real vocabulary.
 * Which two tokens each one is merged from follows from their order.
 */
export function realTokenizer(size: number): object {
  const tokens = realVocabulary(size - specialTokens.length).map(({ bytes }) =>
    Array.from(bytes, (byte) => byteSymbols[byte]!),
  )
  const ranks = new Map(tokens.map((symbols, rank) => [symbols.join(''), rank]))
  const merges = tokens.flatMap((symbols, rank) => {
    const parts = mergedBelow(symbols, ranks, rank)
    return parts.length === 2 ? [parts.join(' ')] : []
  })
  const special = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }
  const [begin] = specialTokens as [string]
  return {
    version: '1.0',
    added_tokens: specialTokens.map((content, id) => ({ id, content, ...special })),
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: begin, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      special_tokens: { [begin]: { id: begin, ids: [0], tokens: [begin] } },
    },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      vocab: Object.fromEntries<number>([
        ...specialTokens.map((content, id) => [content, id] as const),
        ...[...ranks].map(([token, rank]) => [token, rank + specialTokens.length] as const),
      ]),
      merges,
    },
  }
}

/** A token's symbols after all merges that come before its own. */
function mergedBelow(
  symbols: readonly string[],
  ranks: ReadonlyMap<string, number>,
  limit: number,
): string[] {
  const parts = [...symbols]
  for (;;) {
    let best = limit
    let at = -1
    for (let i = 0; i + 1 < parts.length; i++) {
      const rank = ranks.get(parts[i]! + parts[i + 1]!) ?? limit
      if (rank < best) [best, at] = [rank, i]
    }
    if (at < 0) return parts
    parts.splice(at, 2, parts[at]! + parts[at + 1]!)
  }
}
