import { setImmediate } from 'node:timers/promises'
import type { ForEachText } from '../../decode/batched-generation.ts'
import { CancelledError, SpellmError } from '../../base/errors.ts'
import type { Tokenizer } from '../../tokenizer/index.ts'
import type { Architecture } from '../../models/architecture.ts'
import { encodePair, fitPair } from './encode-pair.ts'
import type { Likelihood, SequenceScorer } from './sequence-scorer.ts'

/** A continuation, with the delimiter that it begins with, and what comes before it. */
export interface Option {
  readonly context: string
  readonly continuation: string
}

/** What belongs to one question: the options share a context, so what they begin with is read once. */
export interface OptionGroup {
  readonly options: readonly Option[]
  /** Where the question stands, for messages: 'tasks.jsonl, line 7'. */
  readonly place: string
}

/** [options] of a group. */
export interface GroupLikelihoods {
  readonly base: readonly Likelihood[]
  readonly spellm: readonly Likelihood[]
}

/** What encodes texts, and what reads them. */
export interface ScoredModel {
  readonly tokenizer: Pick<Tokenizer, 'encode' | 'frame'>
  readonly architecture: Pick<Architecture, 'beginToken' | 'endTokens' | 'contextLength'>
  /** Runs work for each text with a context of the scorer's trunk. */
  readonly forEachText: ForEachText
}

export interface ScoringOptions {
  /** Groups that are done. */
  readonly onProgress?: (done: number) => void
  readonly signal?: AbortSignal | undefined
}

/**
 * The log-likelihood of each option after its context, tokens split as EleutherAI's lm-evaluation-harness splits them
 * (`encodePair`).
 *
 * @throws SpellmError 'text-invalid' for an option that the model's context can't hold; CancelledError when the signal
 *   fires
 */
export async function scoreOptions(
  scorer: SequenceScorer,
  { tokenizer, architecture, forEachText }: ScoredModel,
  groups: readonly OptionGroup[],
  { onProgress, signal }: ScoringOptions = {},
): Promise<GroupLikelihoods[]> {
  let done = 0
  return forEachText(groups, async ({ options, place }, kvContext) => {
    const base: Likelihood[] = []
    const spellm: Likelihood[] = []
    for (const [index, { context, continuation }] of options.entries()) {
      if (signal?.aborted) throw new CancelledError()
      const encoded = encodePair(tokenizer, architecture, context, continuation)
      const pair =
        encoded.context.length > 0 && encoded.continuation.length > 0
          ? fitPair(encoded, architecture.contextLength)
          : null
      if (!pair)
        throw new SpellmError(
          'text-invalid',
          `${place}: choice ${index} has ${encoded.continuation.length} tokens after ${encoded.context.length} of context; 1 to ${architecture.contextLength} after at least 1 can be scored.`,
          'Shorten the choice, or give the task a context.',
        )
      const likelihoods = await scorer.score(pair, kvContext)
      base.push(likelihoods.base)
      spellm.push(likelihoods.spellm)
      await setImmediate()
    }
    onProgress?.(++done)
    return { base, spellm }
  })
}
