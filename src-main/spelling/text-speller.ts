import { parseAlphabet } from './alphabet.ts'
import { buildSpeller, type Speller } from './speller.ts'
import type { VocabularyEntry } from '../tokenizer/vocabulary-entry.ts'
import { collectWords, withWords } from './words.ts'

/** What a text has, counted. */
export interface CountedText {
  /** How often each token occurs, [V]. */
  readonly counts: Uint32Array
  /** As `countWords` gives them, where words are spelled; null: tokens only are. */
  readonly words: ReadonlyMap<string, number> | null
}

/** What decides how a text is spelled. */
export interface SpellingSettings {
  /** As `parseAlphabet` has it. */
  readonly alphabet: string
  readonly k: number
}

/**
 * The speller for a text: of tokens, or of tokens and the text's words. The alphabet auto takes the characters that
 * most of the text's tokens, or words, need.
 *
 * @param text null: none is there yet, so alphabet and contests go by the vocabulary, and there are no words
 * @throws SpellmError as `parseAlphabet` and `buildSpeller`
 */
export function buildTextSpeller(
  vocabulary: readonly VocabularyEntry[],
  text: CountedText | null,
  { alphabet: specification, k }: SpellingSettings,
): Speller {
  if (text === null) return buildSpeller(vocabulary, parseAlphabet(specification, vocabulary), k)
  const { counts: tokenCounts, words: wordCounts } = text
  if (wordCounts === null)
    return buildSpeller(vocabulary, parseAlphabet(specification, vocabulary, tokenCounts), k, tokenCounts)
  const counted = withWords(vocabulary, wordCounts)
  const alphabet = parseAlphabet(specification, counted.entries, counted.counts)
  const words = collectWords(wordCounts, vocabulary, alphabet, k)
  return buildSpeller(vocabulary, alphabet, k, tokenCounts, words)
}
