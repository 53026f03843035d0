import type { Speller, TokenStatus } from '../spelling/speller.ts'
import { statusOf, tokenStatuses } from '../spelling/speller.ts'
import type { VocabularyEntry } from '../tokenizer/vocabulary-entry.ts'

/** Ways to sort tokens, and the kinds of each, in the order in which they are shown. */
export const tokenCategories = {
  /** What the SpeLLM can do with the token. */
  status: tokenStatuses,
  /** How often the token occurs in the text. */
  frequency: ['0', '1 to 9', '10 to 99', '100 to 999', '1,000 and more'],
  /** What the token is written in: its first letter or digit decides. */
  script: ['Latin', 'Cyrillic', 'Greek', 'Arabic', 'Han', 'digits', 'punctuation and space', 'other'],
} as const

/** A way to sort tokens. */
export type KindOf = keyof typeof tokenCategories

/** The ways to sort tokens. */
export const categoriesOfTokens = Object.keys(tokenCategories) as KindOf[]

/** What a token is, each way. */
export type TokenCategories = Readonly<Record<KindOf, string>>

/**
 * Sorts tokens.
 *
 * @param entries the tokenizer's
 * @param counts how often each token occurs in the text, [V]
 */
export function createTokenClassifier(
  speller: Speller,
  entries: readonly VocabularyEntry[],
  counts: Uint32Array,
): (token: number) => TokenCategories {
  const known = new Map<number, TokenCategories>()
  return (token) => {
    let kinds = known.get(token)
    if (!kinds) {
      kinds = {
        status: statusOrNone(speller, token),
        frequency: frequencyBand(counts[token] ?? 0),
        script: scriptOf(entries[token]),
      }
      known.set(token, kinds)
    }
    return kinds
  }
}

/** An embedding may have more rows than the tokenizer has tokens: nothing spells those. */
function statusOrNone(speller: Speller, token: number): TokenStatus {
  return token < speller.vocabularySize ? statusOf(speller, token) : 'uncovered'
}

function frequencyBand(count: number): string {
  if (count === 0) return tokenCategories.frequency[0]
  return tokenCategories.frequency[Math.min(4, Math.floor(Math.log10(count)) + 1)]!
}

const scripts = ['Latin', 'Cyrillic', 'Greek', 'Arabic', 'Han'].map(
  (name) => [name, new RegExp(`\\p{Script=${name}}`, 'u')] as const,
)

/** The kind of writing of a token, as `tokenCategories.script` names it; bytes that are part of a character are 'other'. */
export function scriptOf(entry: VocabularyEntry | undefined): string {
  if (!entry || entry.special) return 'other'
  const text = new TextDecoder().decode(entry.bytes)
  const decisive = /[\p{L}\p{N}]/u.exec(text)?.[0]
  if (decisive === undefined)
    return text !== '' && !text.includes('\ufffd') && /^[\p{P}\p{S}\s]*$/u.test(text)
      ? 'punctuation and space'
      : 'other'
  if (/\p{N}/u.test(decisive)) return 'digits'
  return scripts.find(([, pattern]) => pattern.test(decisive))?.[0] ?? 'other'
}
