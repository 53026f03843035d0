import type { HeadRows } from '../models/head-rows.ts'
import type { LastState } from '../models/trunk-session.ts'
import { seededRandom } from '../random.ts'
import { tokensOf, type Speller } from '../spelling/speller.ts'
import { bestTokens, createTrieSearch, type ScoredToken, type TrieSearch } from '../spelling/trie-search.ts'
import type { Chooser } from './chooser.ts'
import { largestIndex, penalize, sampleIndex, type Sampling } from './sampling.ts'
import { scoresOf, type TailSession } from '../spellm/tail-session.ts'

/** Candidates where none are asked for: the base model's choice is among so many at 99.6 of 100 positions. */
export const defaultCandidates = 8

/** The tokens of some units, best first; of those that begin with the same token only the best one's. */
function unitsByFirstToken(speller: Speller, best: readonly ScoredToken[]): readonly (readonly number[])[] {
  const units = new Map<number, readonly number[]>()
  for (const { token } of best) {
    const tokens = tokensOf(speller, token)
    if (!units.has(tokens[0]!)) units.set(tokens[0]!, tokens)
  }
  return [...units.values()]
}

/**
 * The units that a tail spells best, of those with the same first token one, and the base model's logits of their first tokens.
 *
 * @param candidates units that are looked for
 */
export async function scoredUnits(
  tail: TailSession,
  rows: Pick<HeadRows, 'logits'>,
  search: TrieSearch,
  state: LastState,
  candidates: number,
) {
  const best = bestTokens(search, await scoresOf(tail, state), candidates)
  const units = unitsByFirstToken(tail.speller, best)
  const firstTokens = units.map(([first]) => first!)
  return { best, units, firstTokens, logits: rows.logits(state.hidden, firstTokens) }
}

/**
 * shortlist(n): the n best tokens of trie mode, scored anew with their own rows of the LM head. Picks what the
 * base model would pick whenever that is among the n. Sampled: from the base model's own probabilities, but among
 * the n only.
 *
 * Of words, their first tokens are scored, and of those that begin with the same the heads' best is taken.
 *
 * @param candidates n, from 1
 */
export function shortlistChooser(
  tail: TailSession,
  rows: Pick<HeadRows, 'logits'>,
  candidates: number,
  sampling: Sampling | null,
): Chooser {
  const search = createTrieSearch(tail.speller)
  const random = seededRandom(sampling?.seed ?? 0)
  return {
    ending: tail.ending,
    choose: async (state, context) => {
      const { units, firstTokens, logits } = await scoredUnits(tail, rows, search, state, candidates)
      if (!sampling) return units[largestIndex(logits)]!
      return units[sampleIndex(penalize(logits, firstTokens, context, sampling), sampling, random)]!
    },
  }
}
