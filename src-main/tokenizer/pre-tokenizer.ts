import { z } from 'zod'
import { byteSymbols } from './byte-symbols.ts'
import { build, fieldOf, invalid, readFields, type Builder, type JsonPath } from './json-path.ts'
import { readPattern } from './pattern.ts'

/** A normalised text, or the part of one between two added tokens, as it is split further and further. */
interface Pieces {
  /** None is empty. */
  readonly texts: readonly string[]
  /** Whether the first piece begins the whole text. */
  readonly beginText: boolean
}

/** Splits pieces; the model never sees across their ends. */
export type PreTokenizer = (pieces: Pieces) => Pieces

/** @throws SpellmError 'file-invalid' | 'model-unsupported' */
export function buildPreTokenizer(json: unknown, place: JsonPath): PreTokenizer {
  return json === null || json === undefined ? (pieces) => pieces : build(builders, json, place)
}

type Behavior = 'removed' | 'isolated' | 'contiguous' | 'mergedwithprevious' | 'mergedwithnext'

/** Files and the reference library's own functions write the same names in different ways. */
const behavior = z
  .string()
  .transform((name) => name.toLowerCase().replaceAll('_', ''))
  .pipe(z.enum(['removed', 'isolated', 'contiguous', 'mergedwithprevious', 'mergedwithnext']))

const builders: ReadonlyMap<string, Builder<PreTokenizer>> = new Map<string, Builder<PreTokenizer>>([
  [
    'Sequence',
    (json, place) => {
      const { pretokenizers } = readFields(
        z.strictObject({ type: z.string(), pretokenizers: z.array(z.unknown()).max(100) }),
        json,
        place,
      )
      const parts = pretokenizers.map((part, i) =>
        buildPreTokenizer(part, fieldOf(fieldOf(place, 'pretokenizers'), i)),
      )
      return (pieces) => parts.reduce((current, part) => part(current), pieces)
    },
  ],
  [
    'ByteLevel',
    (json, place) => {
      const { add_prefix_space, use_regex } = readFields(
        z.strictObject({
          type: z.string(),
          add_prefix_space: z.boolean().default(true),
          use_regex: z.boolean().default(true),
          trim_offsets: z.boolean().optional(),
        }),
        json,
        place,
      )
      const splitWords: PreTokenizer = use_regex ? splitter(gpt2Words, 'isolated') : (pieces) => pieces
      return ({ texts, beginText }) => {
        const spaced = add_prefix_space
          ? texts.map((text) => (text.startsWith(' ') ? text : ` ${text}`))
          : texts
        const words = splitWords({ texts: spaced, beginText })
        return { ...words, texts: words.texts.map(toByteSymbols) }
      }
    },
  ],
  [
    'Split',
    (json, place) => {
      const fields = readFields(
        z.strictObject({
          type: z.string(),
          pattern: z.unknown(),
          behavior,
          invert: z.boolean().default(false),
        }),
        json,
        place,
      )
      return splitter(readPattern(fields.pattern, place), fields.behavior, fields.invert)
    },
  ],
  [
    'Digits',
    (json, place) => {
      const { individual_digits } = readFields(
        z.strictObject({ type: z.string(), individual_digits: z.boolean().default(false) }),
        json,
        place,
      )
      return splitter(/\p{N}/gu, individual_digits ? 'isolated' : 'contiguous')
    },
  ],
  [
    'Punctuation',
    (json, place) => {
      const fields = readFields(
        z.strictObject({ type: z.string(), behavior: behavior.default('isolated') }),
        json,
        place,
      )
      return splitter(/[\p{P}$+<=>^`|~]/gu, fields.behavior)
    },
  ],
  [
    'WhitespaceSplit',
    (json, place) => {
      readFields(z.strictObject({ type: z.string() }), json, place)
      return splitter(/\p{White_Space}/gu, 'removed')
    },
  ],
  ['Metaspace', metaspace],
])

const gpt2Words =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu

const encoder = new TextEncoder()

/** A text with each byte of its UTF-8 as one printable character. */
function toByteSymbols(text: string): string {
  let symbols = ''
  for (const byte of encoder.encode(text)) symbols += byteSymbols[byte]!
  return symbols
}

/** SentencePiece's way: a space is a visible character, and begins the word after it. */
function metaspace(json: object, place: JsonPath): PreTokenizer {
  const fields = readFields(
    z.strictObject({
      type: z.string(),
      replacement: z.string().default('▁'),
      prepend_scheme: z.enum(['first', 'always', 'never']).default('always'),
      split: z.boolean().default(true),
      // Older versions wrote these; `prepend_scheme` says the same more precisely.
      add_prefix_space: z.boolean().optional(),
      str_rep: z.string().optional(),
    }),
    json,
    place,
  )
  const { replacement } = fields
  if (Array.from(replacement).length !== 1)
    throw invalid(fieldOf(place, 'replacement'), 'expected one character')
  const scheme = fields.add_prefix_space === false ? 'never' : fields.prepend_scheme
  const words: PreTokenizer = fields.split
    ? splitter(readPattern({ String: replacement }, place), 'mergedwithnext')
    : (pieces) => pieces
  return ({ texts, beginText }) =>
    words({
      texts: texts.map((text, i) => {
        const marked = text.replaceAll(' ', replacement)
        const prepends = scheme === 'always' || (scheme === 'first' && i === 0 && beginText)
        return prepends && !marked.startsWith(replacement) ? replacement + marked : marked
      }),
      beginText,
    })
}

/** Splits at what a pattern matches; `behavior` says where the matches go. */
function splitter(pattern: RegExp, behavior: Behavior, invert = false): PreTokenizer {
  return ({ texts, beginText }) => {
    const split: string[] = []
    let stillBegins = beginText
    for (const [i, text] of texts.entries()) {
      const first = split.length
      splitText(text, pattern, behavior, invert, split)
      if (i === 0 && (split.length === first || !text.startsWith(split[first]!))) stillBegins = false
    }
    return { texts: split, beginText: stillBegins }
  }
}

function splitText(text: string, pattern: RegExp, behavior: Behavior, invert: boolean, into: string[]): void {
  // The piece that is still growing.
  let start = 0
  let end = 0
  let lastIsMatch: boolean | null = null
  const finish = () => {
    if (end > start) into.push(text.slice(start, end))
    start = end
  }
  const add = (to: number, matches: boolean) => {
    if (to === end) return
    const isMatch = matches !== invert
    const joins =
      lastIsMatch !== null &&
      (behavior === 'contiguous'
        ? isMatch === lastIsMatch
        : behavior === 'mergedwithprevious'
          ? isMatch && !lastIsMatch
          : behavior === 'mergedwithnext' && !isMatch && lastIsMatch)
    if (!joins) finish()
    if (behavior === 'removed' && isMatch) start = to
    end = to
    lastIsMatch = isMatch
  }
  for (const match of text.matchAll(pattern)) {
    add(match.index, false)
    add(match.index + match[0].length, true)
  }
  add(text.length, false)
  finish()
}
