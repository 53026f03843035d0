import type { OutputHead, LastPosition, TrunkSession } from '../models/trunk-session.ts'
import type { KeyValueCache } from '../runtime/key-value-cache.ts'
import { ownTurn, type Turn } from '../runtime/turns.ts'
import type { Asked } from './asked.ts'
import type { Chooser } from './chooser.ts'

export interface GenerateOptions {
  readonly maxTokens: number
  /** Generation ends before any of these. */
  readonly stopTokens: readonly number[]
  /** The most tokens that the model can attend to. */
  readonly contextLength: number
  readonly signal?: AbortSignal
  /** Where each step computes: what is read and the choice of the next token, or a piece of a long prompt. */
  readonly turn?: Turn
}

/**
 * Why a generation ended: after the most tokens asked for, before a stop token, at the end of the context, or
 * because the signal fired.
 */
export type GenerationEnd = 'length' | 'stop' | 'context' | 'cancelled'

/** A cache of keys and values with the tokens that they are of: of one text, or of a chat as it grows. */
export interface KvContext {
  readonly cache: KeyValueCache
  readonly tokens: number[]
}

/** A context without any tokens yet. */
export function newKvContext(trunk: TrunkSession): KvContext {
  return { cache: trunk.createCache(), tokens: [] }
}

/**
 * Makes a context hold `tokens`. The part that it begins with already is not computed again; what it holds
 * beyond that is forgotten.
 *
 * The last token is read by itself, as it is where all others are known: a pass over several tokens rounds otherwise, and where
 * activations are rounded to 8 bits, that is enough for another text when the same prompt is given again. (What layers with a
 * window have let go of is read again in other pieces, so after a long answer it may be one all the same.)
 *
 * @param tokens at least one; the last one is always read, because its hidden state is needed
 * @param asked what is asked of the last token
 * @param turn where each piece before the last token computes; that one is left to the caller
 * @returns reads the last token, within a turn of the caller's
 */
export async function prepareContext(
  trunk: TrunkSession,
  kvContext: KvContext,
  tokens: readonly number[],
  asked: Asked | OutputHead,
  turn: Turn = ownTurn,
): Promise<() => Promise<LastPosition>> {
  const { cache, tokens: read } = kvContext
  let known = 0
  while (known < tokens.length - 1 && known < cache.length && read[known] === tokens[known]) known++
  cache.truncate(known)
  known = cache.length
  read.length = known
  for (const last = tokens.length - 1; known < last; known += trunk.pieceTokens) {
    const piece = tokens.slice(known, Math.min(last, known + trunk.pieceTokens))
    await turn(() => readTokens(trunk, kvContext, piece, 'none'))
  }
  return () => readTokens(trunk, kvContext, tokens.slice(-1), asked)
}

/** Reads tokens after what the context holds: the state after the last one. */
export async function readTokens(
  trunk: TrunkSession,
  kvContext: KvContext,
  unread: readonly number[],
  asked: Asked | OutputHead,
): Promise<LastPosition> {
  const { outputHead, contextRows }: Asked = typeof asked === 'string' ? { outputHead: asked } : asked
  const rows = contextRows?.(kvContext.tokens, unread)
  const state = await trunk.forwardLastPosition(Int32Array.from(unread), kvContext.cache, outputHead, rows)
  kvContext.tokens.push(...unread)
  return state
}

/** Reads tokens after what the context holds, in one pass: hidden [d] of each. */
export async function readEach(
  trunk: TrunkSession,
  { cache, tokens }: KvContext,
  unread: readonly number[],
): Promise<Float32Array[]> {
  const hidden = await trunk.forward(Int32Array.from(unread), cache)
  tokens.push(...unread)
  const d = hidden.length / unread.length
  return unread.map((_, row) => hidden.slice(row * d, (row + 1) * d))
}

/** Throws RangeError for an empty prompt or one longer than the context. */
export function requirePrompt(prompt: readonly number[], contextLength: number): void {
  if (prompt.length === 0 || prompt.length > contextLength)
    throw new RangeError(`a prompt of ${prompt.length} tokens; between 1 and ${contextLength} are possible`)
}

/**
 * Continues `prompt` step by step, by a token or a word of several tokens, which are read in one pass. The part of
 * the prompt that the context begins with already is not computed again; what it holds beyond that is forgotten.
 *
 * @param prompt at least one token
 * @returns why it ended
 * @throws RangeError for an empty prompt or one longer than the context
 */
export async function* generate(
  trunk: TrunkSession,
  chooser: Chooser,
  kvContext: KvContext,
  prompt: readonly number[],
  { maxTokens, stopTokens, contextLength, signal, turn = ownTurn }: GenerateOptions,
): AsyncGenerator<number, GenerationEnd> {
  requirePrompt(prompt, contextLength)
  if (maxTokens === 0) return 'length'
  let readLast = await prepareContext(trunk, kvContext, prompt, chooser, turn)
  let count = 0
  for (;;) {
    if (signal?.aborted) return 'cancelled'
    const chosen = await turn(async () => chooser.choose(await readLast(), kvContext.tokens))
    for (const [i, token] of chosen.entries()) {
      if (stopTokens.includes(token)) return 'stop'
      yield token
      if (++count === maxTokens) return 'length'
      if (kvContext.tokens.length + i === contextLength) return 'context'
    }
    readLast = () => readTokens(trunk, kvContext, chosen, chooser)
  }
}
