import { seededRandom } from '../random.ts'
import { bestTokens, createTrieSearch, type ScoredToken } from '../spelling/trie-search.ts'
import type { BaseHead, Chooser } from './chooser.ts'
import { penalize, sampleIndex, type Sampling } from './sampling.ts'
import type { TailSession } from './tail-session.ts'

/** How far the best spelling is ahead of the second, in log-probability: how sure the SpeLLM is. */
export function leadOf([first, second]: readonly ScoredToken[]): number {
  return second ? first!.score - second.score : Infinity
}

/** A gated chooser, which counts how often it asked the base model's head. */
export interface GatedChooser extends Chooser {
  readonly steps: number
  readonly baseSteps: number
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
): GatedChooser {
  const search = createTrieSearch(tail.speller)
  const random = seededRandom(sampling?.seed ?? 0)
  let steps = 0
  let baseSteps = 0
  return {
    get steps() {
      return steps
    },
    get baseSteps() {
      return baseSteps
    },
    choose: async (hidden, context) => {
      steps++
      const best = bestTokens(search, await tail.logProbabilities(hidden), 2)
      if (leadOf(best) >= threshold) return best[0]!.token
      baseSteps++
      if (!sampling) return head.greedy(hidden)
      return sampleIndex(penalize(await head.logits(hidden), null, context, sampling), sampling, random)
    },
  }
}
