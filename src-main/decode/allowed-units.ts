import { tokensOf } from '../spelling/speller.ts'
import { bestTokens, type ScoredToken, type TrieSearch } from '../spelling/trie-search.ts'
import type { LogitsProcessor } from './logits-processor.ts'

/** What `bestTokens` finds among the units whose first token isn't banned. */
export function bestAllowed(
  search: TrieSearch,
  logProbabilities: Float32Array,
  most: number,
  { bans, isBanned }: Pick<LogitsProcessor, 'bans' | 'isBanned'>,
): ScoredToken[] {
  if (bans === 0) return bestTokens(search, logProbabilities, most)
  // Several words may begin with a token that is banned.
  for (let asked = most + bans; ; asked *= 2) {
    const best = bestTokens(search, logProbabilities, asked)
    const allowed = best.filter(({ token }) => !isBanned(tokensOf(search.speller, token)[0]!))
    if (allowed.length >= most || best.length < asked) return allowed.slice(0, most)
  }
}

/** The tokens of a word up to the first that is banned. */
export function beforeBanned(
  tokens: readonly number[],
  { isBanned }: Pick<LogitsProcessor, 'isBanned'>,
): readonly number[] {
  const end = tokens.findIndex(isBanned)
  return end < 0 ? tokens : tokens.slice(0, end)
}
