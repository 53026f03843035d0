import { tokensOf } from '../spelling/speller.ts'
import { bestTokens, createTrieSearch, type ScoredToken } from '../spelling/trie-search.ts'
import { countTokens, type BaseHead, type Chooser } from './chooser.ts'
import type { FindNear } from './near-logits.ts'
import { createPicker, type Picker } from './picker.ts'
import type { Sampling } from './sampling.ts'
import { scoresOf, type TailSession } from '../spellm/tail-session.ts'

/** How far the best spelling is ahead of the second, in log-probability: how sure the SpeLLM is. */
export function marginOf([first, second]: readonly ScoredToken[]): number {
  return second ? first!.score - second.score : Infinity
}

/**
 * Whether what a tail is sure of is still the best after penalties and biases: none raises another token, and those of the unit
 * have the scores that it knows.
 */
const isLearnt = (unit: readonly number[], picker: Picker) =>
  picker.biased.length === 0 && !picker.raisesRepeated && !unit.some((token) => picker.changes(token))

/**
 * gated(τ): trie mode where the best spelling leads by τ or more; elsewhere the base model's LM head decides.
 * Where penalties or biases change what the tail knows of, it decides, too. Sampled: from the base model's probabilities where it decides; where it does not, the choice is the best
 * spelling.
 *
 * @param threshold τ; see `calibrateGate`
 */
export function gatedChooser(
  tail: TailSession,
  head: BaseHead,
  threshold: number,
  sampling: Sampling | null,
  findNear: FindNear | null = null,
): Chooser {
  const search = createTrieSearch(tail.speller)
  const picker = createPicker(sampling, findNear)
  const count = countTokens(picker)
  return {
    outputHead: tail.outputHead,
    choose: async (state, context) => {
      count(context)
      const best = bestTokens(search, await scoresOf(tail, state), 2)
      const unit = tokensOf(tail.speller, best[0]!.token)
      if (marginOf(best) >= threshold && isLearnt(unit, picker)) return unit
      if (picker.isPlain) return [await head.greedy(state.hidden)]
      return [(await picker.pickOfAll(await head.logits(state.hidden), context.length)).index]
    },
  }
}
