import { textSpelling } from './spellings.ts'
import { tokensOf, type Speller } from './speller.ts'
import { createUnitFinder } from './units.ts'
import type { VocabularyEntry } from '../tokenizer/vocabulary-entry.ts'
import { bytesOfTokens } from './words.ts'

/** What a speller can do with a text's words. */
export interface WordCoverage {
  /** How many words were counted. */
  readonly words: number
  /** The mean number of tokens of a word. */
  readonly tokensPerWord: number
  /** Shares of the words, together 1: spelled in full; longer than k symbols; with a character that the alphabet lacks. */
  readonly covered: number
  readonly truncated: number
  readonly uncovered: number
  /** Tokens for each unit where the text is cut into the longest units: the maximum that a step can emit on average. */
  readonly tokensPerStep: number
}

/**
 * Looks at a text's words.
 *
 * @param counts as `countWords` gives them; not empty
 */
export function wordCoverage(
  speller: Speller,
  vocabulary: readonly VocabularyEntry[],
  counts: ReadonlyMap<string, number>,
): WordCoverage {
  const spell = textSpelling(speller.alphabet)
  const find = createUnitFinder(speller)
  const sums = { words: 0, tokens: 0, units: 0, covered: 0, truncated: 0, uncovered: 0 }
  for (const [key, count] of counts) {
    const tokens = key.split(',').map(Number)
    const length = spell(bytesOfTokens(tokens, vocabulary))?.length
    sums[length === undefined ? 'uncovered' : length > speller.k ? 'truncated' : 'covered'] += count
    sums.words += count
    sums.tokens += count * tokens.length
    for (let at = 0; at < tokens.length; sums.units += count)
      at += tokensOf(speller, find(tokens.slice(at)).unit).length
  }
  return {
    words: sums.words,
    tokensPerWord: sums.tokens / sums.words,
    covered: sums.covered / sums.words,
    truncated: sums.truncated / sums.words,
    uncovered: sums.uncovered / sums.words,
    tokensPerStep: sums.tokens / sums.units,
  }
}
