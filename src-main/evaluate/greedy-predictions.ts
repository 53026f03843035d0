import { freeUnit, headSymbols } from '../decode/chooser.ts'
import { bestTokens, type ScoredToken, type TrieSearch } from '../spelling/trie-search.ts'

/** What the modes that look at nothing but the heads pick at one position. */
export interface GreedyPicks {
  /** The n best units by their spelling, best first; trie mode picks the first. */
  readonly best: readonly ScoredToken[]
  /** The unit that free mode picks. */
  readonly free: number
}

/**
 * What trie and free mode pick, greedily.
 *
 * @param logProbabilities [k, A]
 * @param n how many of the best units are wanted
 * @param tokenize the ids of a text, for strings that free decoding can't look up
 */
export function greedyPicks(
  search: TrieSearch,
  logProbabilities: Float32Array,
  n: number,
  tokenize: (text: string) => number[],
): GreedyPicks {
  const { speller } = search
  const best = bestTokens(search, logProbabilities, n)
  return {
    best,
    free: freeUnit(speller, headSymbols(speller, logProbabilities), tokenize) ?? best[0]!.token,
  }
}
