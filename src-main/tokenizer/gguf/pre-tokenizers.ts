/** How a byte-level vocabulary's texts are split, and what else its name in a GGUF means. */
export interface PreTokenizing {
  /** The fields of tokenizer.json. */
  readonly pre_tokenizer: object
  readonly normalizer?: object
  /** Whether a piece that is a token as a whole is taken as it is. */
  readonly ignoreMerges?: boolean
  /** Whether texts begin with the token for that, where the file doesn't say. */
  readonly addsBegin?: boolean
}

const byteLevel = (use_regex: boolean) => ({ type: 'ByteLevel', add_prefix_space: false, use_regex })

const splitBy = (...patterns: readonly string[]) => ({
  type: 'Sequence',
  pretokenizers: [
    ...patterns.map((Regex) => ({ type: 'Split', pattern: { Regex }, behavior: 'Isolated' })),
    byteLevel(false),
  ],
})

/** GPT-2's own words. */
const gpt2: PreTokenizing = { pre_tokenizer: byteLevel(true) }

/** The same, with each digit by itself. */
const singleDigits: PreTokenizing = {
  pre_tokenizer: {
    type: 'Sequence',
    pretokenizers: [{ type: 'Digits', individual_digits: true }, byteLevel(true)],
  },
}

const contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
const spaces = String.raw`\s*[\r\n]+|\s+(?!\S)|\s+`
const symbols = String.raw` ?[^\s\p{L}\p{N}]+[\r\n]*`
const words = (digits: string) =>
  splitBy(String.raw`${contractions}|[^\r\n\p{L}\p{N}]?\p{L}+|${digits}|${symbols}|${spaces}`)

const threeDigits = String.raw`\p{N}{1,3}`
const cl100k: PreTokenizing = { pre_tokenizer: words(threeDigits) }
const llama3: PreTokenizing = { ...cl100k, ignoreMerges: true, addsBegin: true }
const qwen2: PreTokenizing = { pre_tokenizer: words(String.raw`\p{N}`) }

const upper = String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`
const lower = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`
const caseWords = (suffix: string, digits: string) =>
  splitBy(
    [
      String.raw`[^\r\n\p{L}\p{N}]?${upper}*${lower}+${suffix}`,
      String.raw`[^\r\n\p{L}\p{N}]?${upper}+${lower}*${suffix}`,
      digits,
      String.raw` ?[^\s\p{L}\p{N}]+[\r\n/]*`,
      spaces,
    ].join('|'),
  )
const o200k: PreTokenizing = { pre_tokenizer: caseWords(`${contractions}?`, threeDigits) }
const tekken: PreTokenizing = {
  pre_tokenizer: caseWords('', String.raw`\p{N}`),
  ignoreMerges: true,
  addsBegin: true,
}

const deepseek3: PreTokenizing = {
  pre_tokenizer: splitBy(
    threeDigits,
    '[一-龥぀-ゟ゠-ヿ]+',
    String.raw`[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_${'`'}{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|${spaces}`,
  ),
}

/**
 * By `tokenizer.ggml.pre`. Names that aren't here are refused, since a guess would give wrong tokens. 'default' is
 * what transformers takes it for.
 */
export const preTokenizers: ReadonlyMap<string, PreTokenizing> = new Map([
  ...['default', 'gpt-2', 'phi-2', 'mpt', 'olmo', 'jais', 'gigachat', 'trillion', 'exaone4', 'mellum'].map(
    (name) => [name, gpt2] as const,
  ),
  ...['smollm', 'starcoder', 'refact', 'codeshell', 'minerva-7b'].map(
    (name) => [name, singleDigits] as const,
  ),
  ...['llama3', 'llama-v3', 'llama-bpe', 'falcon3', 'falcon-h1', 'pixtral', 'midm-2.0', 'lfm2'].map(
    (name) => [name, llama3] as const,
  ),
  ...['dbrx', 'smaug-bpe'].map((name) => [name, cl100k] as const),
  // Qwen's own tokenizer composes characters; those that were made from it don't.
  ['qwen2', { ...qwen2, normalizer: { type: 'NFC' } }] as const,
  ...['deepseek-r1-qwen', 'megrez', 'hunyuan'].map((name) => [name, qwen2] as const),
  ...['gpt-4o', 'llama4', 'kanana2'].map((name) => [name, o200k] as const),
  ['tekken', tekken] as const,
  ['deepseek-v3', deepseek3] as const,
])
