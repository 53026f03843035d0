import type { Tokenizer } from '../../formats/tokenizer.ts'
import type { Architecture } from '../../models/architecture.ts'

/** A text in two parts, in tokens. */
export interface TokenPair {
  /** At least one token. */
  readonly context: readonly number[]
  readonly continuation: readonly number[]
}

/**
 * The tokens of a continuation and of what comes before it, as EleutherAI's lm-evaluation-harness splits them: both
 * texts are encoded as one, the continuation's tokens are those beyond the number of tokens that the context makes
 * alone, and white space at the context's end counts as the continuation's. The token that begins a text, where the
 * model has one, comes first (the harness's `add_bos_token`); without one, an empty context is the token that ends a
 * text, as there.
 */
export function encodePair(
  tokenizer: Pick<Tokenizer, 'encode'>,
  { beginToken, endTokens }: Pick<Architecture, 'beginToken' | 'endTokens'>,
  context: string,
  continuation: string,
): TokenPair {
  const trimmed = context.trimEnd()
  const before = tokenizer.encode(trimmed)
  const whole = tokenizer.encode(context + continuation)
  const first = beginToken ?? (before.length === 0 ? endTokens[0] : undefined)
  return {
    context: first === undefined ? before : [first, ...before],
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
