import type { BaseHead } from '../../decode/chooser.ts'
import { givenLogProbability } from '../../decode/first-choice.ts'
import { defaultCandidates } from '../../decode/shortlist.ts'
import { symbolTrieChooser } from '../../decode/symbol-choosers.ts'
import type { TrunkSession } from '../../models/trunk-session.ts'
import type { SymbolReader } from '../symbol-text.ts'
import { scorerOn, type SequenceScorer, type SpellmScoring } from './sequence-scorer.ts'

/**
 * A scorer on a trunk that base model and SpeLLM share, of a SpeLLM with token symbols: a given token's log-probability is its
 * exact logit less the learnt log-normaliser, so no token is one that it never says. Greedy is what trie(8) picks.
 */
export function createSymbolScorer(
  trunk: TrunkSession,
  head: Pick<BaseHead, 'logits'>,
  reader: SymbolReader,
): SequenceScorer {
  return scorerOn(trunk, head, scoreExactly(reader))
}

function scoreExactly(reader: SymbolReader): SpellmScoring {
  const { first, rows } = reader
  return async ({ context, continuation }, states) => {
    const d = states.length / continuation.length
    const found = await reader.scores(states)
    const text = reader.createText()
    const chooser = symbolTrieChooser({ ...text, rows }, defaultCandidates)
    let logLikelihood = 0
    let isGreedy = true
    for (const [row, token] of continuation.entries()) {
      const hidden = states.subarray(row * d, (row + 1) * d)
      const state = text.read(row === 0 ? context : [continuation[row - 1]!], hidden, found[row]!)
      const { scores, exact } = await first.look(state, text.context)
      logLikelihood += givenLogProbability(
        rows.logits(hidden, [token])[0]!,
        first.logNormaliser(scores, exact),
      )
      // What is greedy no longer needs no search.
      if (isGreedy) isGreedy = (await chooser.choose(state, text.tokens))[0] === token
    }
    return { logLikelihood, isGreedy }
  }
}
