import type { Tokenizer } from '../../tokenizer/index.ts'
import type { Architecture } from '../../models/architecture.ts'
import { stripEnd } from './python-text.ts'

/** A text in two parts, in tokens. */
export interface TokenPair {
  /** At least one token. */
  readonly context: readonly number[]
  readonly continuation: readonly number[]
}

/**
 * The tokens of a continuation and of what comes before it, as EleutherAI's lm-evaluation-harness splits them: both
 * texts are encoded as one, the continuation's tokens are those beyond the number of tokens that the context makes
 * alone, and white space at the context's end counts as the continuation's. What the tokenizer puts before a text comes
 * first (the harness's `add_bos_token`); if that is nothing, an empty context is the model's begin token, or without
 * one its end token, as there (`prefix_token_id`).
 */
export function encodePair(
  tokenizer: Pick<Tokenizer, 'encode' | 'frame'>,
  { beginToken, endTokens }: Pick<Architecture, 'beginToken' | 'endTokens'>,
  context: string,
  continuation: string,
): TokenPair {
  const before = tokenizer.encode(stripEnd(context))
  const whole = tokenizer.encode(context + continuation)
  const framed = [...tokenizer.frame.before, ...before]
  const prefix = beginToken ?? endTokens[0]
  return {
    context: framed.length > 0 || prefix === undefined ? framed : [prefix],
    continuation: whole.slice(before.length),
  }
}

/**
 * What a model reads of a pair: without the last token, which nothing follows, and where that is more than the context
 * holds, without the first ones.
 *
 * @returns null if the continuation alone is too long
 */
export function fitPair({ context, continuation }: TokenPair, contextLength: number): TokenPair | null {
  const excess = context.length + continuation.length - 1 - contextLength
  if (excess >= context.length) return null
  return { context: context.slice(Math.max(0, excess)), continuation }
}
