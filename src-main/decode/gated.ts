import { tokensOf } from '../spelling/speller.ts'
import { bestTokens, createTrieSearch, type ScoredToken } from '../spelling/trie-search.ts'
import { countTokens, type BaseHead, type Chooser } from './chooser.ts'
import { createPicker } from './picker.ts'
import type { Sampling } from './sampling.ts'
import { scoresOf, type TailSession } from '../spellm/tail-session.ts'

/** How far the best spelling is ahead of the second, in log-probability: how sure the SpeLLM is. */
export function leadOf([first, second]: readonly ScoredToken[]): number {
  return second ? first!.score - second.score : Infinity
}

/**
 * gated(τ): trie mode where the best spelling leads by τ or more; elsewhere the base model's LM head decides.
 * Sampled: from the base model's probabilities where it decides; where it does not, the choice is the best
 * spelling.
 *
 * @param threshold τ; see `calibrateGate`
 */
export function gatedChooser(
  tail: TailSession,
  head: BaseHead,
  threshold: number,
  sampling: Sampling | null,
): Chooser {
  const search = createTrieSearch(tail.speller)
  const picker = createPicker(sampling)
  const count = countTokens(picker)
  return {
    ending: tail.ending,
    choose: async (state, context) => {
      const best = bestTokens(search, await scoresOf(tail, state), 2)
      if (leadOf(best) >= threshold) return tokensOf(tail.speller, best[0]!.token)
      if (picker.isPlain) return [await head.greedy(state.hidden)]
      count(context)
      return [picker.pick(await head.logits(state.hidden), null, context.length).index]
    },
  }
}
