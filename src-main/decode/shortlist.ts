import type { HeadRows } from '../models/head-rows.ts'
import type { LastPosition } from '../models/trunk-session.ts'
import { tokensOf, type Speller } from '../spelling/speller.ts'
import { createTrieSearch, type ScoredToken, type TrieSearch } from '../spelling/trie-search.ts'
import { beforeBanned, bestAllowed } from './allowed-units.ts'
import { countTokens, type Chooser } from './chooser.ts'
import type { LogitsProcessor } from './logits-processor.ts'
import { createPicker, requirePick } from './picker.ts'
import type { Sampling } from './sampling.ts'
import { scoresOf, type TailSession } from '../spellm/tail-session.ts'

/** Candidates where none are asked for: the base model's choice is among this many at 99.6 of 100 positions. */
export const defaultCandidates = 8

/** The tokens of some units, best first; of those that begin with the same token only the best one's. */
function unitsByFirstToken(speller: Speller, best: readonly ScoredToken[]): (readonly number[])[] {
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
 * Tokens with a logit bias are always among them.
 *
 * @param options.candidates units that are looked for, in addition to those that are banned
 */
export async function scoredUnits(
  tail: TailSession,
  rows: Pick<HeadRows, 'logits'>,
  search: TrieSearch,
  state: LastPosition,
  { candidates, processor }: { readonly candidates: number; readonly processor: LogitsProcessor },
) {
  const best = bestAllowed(search, await scoresOf(tail, state), candidates, processor)
  const units = unitsByFirstToken(tail.speller, best)
  for (const token of processor.biased) if (!units.some(([first]) => first === token)) units.push([token])
  const firstTokens = units.map(([first]) => first!)
  return { best, units, firstTokens, logits: rows.logits(state.hidden, firstTokens) }
}

/**
 * shortlist(n): the n best tokens of trie mode, rescored with their own rows of the LM head. Picks what the
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
  const picker = createPicker(sampling)
  const count = countTokens(picker)
  return {
    outputHead: tail.outputHead,
    choose: async (state, context) => {
      count(context)
      const asked = { candidates, processor: picker }
      const { units, firstTokens, logits } = await scoredUnits(tail, rows, search, state, asked)
      const { index } = requirePick(picker, logits, Int32Array.from(firstTokens), context.length)
      return beforeBanned(units[index]!, picker)
    },
  }
}
