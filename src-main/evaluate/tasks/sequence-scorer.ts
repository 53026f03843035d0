import type { BaseHead } from '../../decode/chooser.ts'
import { prepareContext, type KvContext } from '../../decode/generate.ts'
import { largestIndex } from '../../decode/sampling.ts'
import type { TailSession } from '../../spellm/tail-session.ts'
import type { TrunkSession } from '../../models/trunk-session.ts'
import { alphabetSize } from '../../spelling/alphabet.ts'
import { tokensOf } from '../../spelling/speller.ts'
import { bestToken, createTrieSearch } from '../../spelling/trie-search.ts'
import { createSpellingDistribution } from '../spelling-distribution.ts'
import type { TokenPair } from './encode-pair.ts'

/** How likely a continuation is. */
export interface Likelihood {
  /** Natural log-probability of all of its tokens; −∞ where one is never emitted. */
  readonly logLikelihood: number
  /** Whether it is what greedy decoding writes. */
  readonly isGreedy: boolean
}

/** Says how likely base model and SpeLLM think continuations are. */
export interface SequenceScorer {
  /** Given the same context again with a context that begins alike, only what is new is computed. */
  score(
    pair: TokenPair,
    kvContext: KvContext,
  ): Promise<{ readonly base: Likelihood; readonly spellm: Likelihood }>
}

/** Positions whose logits are in memory at once. */
const rowsAtOnce = 16

/**
 * Scores a continuation as a SpeLLM.
 *
 * @param states [tokens · d], before each token of the continuation
 */
export type SpellmScoring = (pair: TokenPair, states: Float32Array) => Promise<Likelihood>

/** A scorer on a trunk that base model and SpeLLM share, of a SpeLLM that spells every token. */
export function createSequenceScorer(trunk: TrunkSession, head: BaseHead, tail: TailSession): SequenceScorer {
  return scorerOn(trunk, head, scoreSpelling(tail))
}

/** A scorer on a trunk that base model and SpeLLM share. */
export function scorerOn(
  trunk: TrunkSession,
  head: Pick<BaseHead, 'logits'>,
  scoreSpellm: SpellmScoring,
): SequenceScorer {
  return {
    score: async (pair, kvContext) => {
      const { context, continuation } = pair
      const readContext = await prepareContext(trunk, kvContext, context, 'none')
      const { hidden: last } = await readContext()
      const unread = continuation.slice(0, -1)
      const states = new Float32Array(continuation.length * last.length)
      states.set(last)
      if (unread.length > 0) {
        states.set(await trunk.forward(Int32Array.from(unread), kvContext.cache), last.length)
        kvContext.tokens.push(...unread)
      }
      return { base: await scoreBase(head, states, continuation), spellm: await scoreSpellm(pair, states) }
    },
  }
}

async function scoreBase(
  head: Pick<BaseHead, 'logits'>,
  states: Float32Array,
  tokens: readonly number[],
): Promise<Likelihood> {
  const d = states.length / tokens.length
  let logLikelihood = 0
  let isGreedy = true
  for (let start = 0; start < tokens.length; start += rowsAtOnce) {
    const count = Math.min(rowsAtOnce, tokens.length - start)
    const logits = await head.logits(states.subarray(start * d, (start + count) * d))
    const size = logits.length / count
    for (let row = 0; row < count; row++) {
      const own = logits.subarray(row * size, (row + 1) * size)
      const best = largestIndex(own)
      let sum = 0
      for (const logit of own) sum += Math.exp(logit - own[best]!)
      const token = tokens[start + row]!
      logLikelihood += own[token]! - own[best]! - Math.log(sum)
      isGreedy &&= best === token
    }
  }
  return { logLikelihood, isGreedy }
}

/** Scores by the distribution over spellings. */
function scoreSpelling(tail: TailSession): SpellmScoring {
  const { speller } = tail
  const headScores = speller.k * alphabetSize(speller.alphabet)
  const search = createTrieSearch(speller)
  const distribution = createSpellingDistribution(speller)
  return async ({ continuation }, states) => {
    const scores = await tail.logProbabilities(states)
    let logLikelihood = 0
    let isGreedy = true
    for (const [row, token] of continuation.entries()) {
      const own = scores.subarray(row * headScores, (row + 1) * headScores)
      logLikelihood += distribution.score(own, token) - distribution.logTotal(own)
      isGreedy &&= tokensOf(speller, bestToken(search, own).token)[0] === token
    }
    return { logLikelihood, isGreedy }
  }
}
