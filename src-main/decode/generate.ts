import type { TrunkSession } from '../models/trunk-session.ts'
import type { KeyValueCache } from '../runtime/key-value-cache.ts'
import type { Chooser } from './chooser.ts'

export interface GenerateOptions {
  readonly maxTokens: number
  /** Generation ends before any of these. */
  readonly stopTokens: readonly number[]
  /** The most tokens that the model can attend to. */
  readonly contextLength: number
  readonly signal?: AbortSignal
}

/** A conversation: the tokens whose keys and values are in the cache. */
export interface Conversation {
  readonly cache: KeyValueCache
  readonly tokens: number[]
}

/** A conversation without any tokens yet. */
export function newConversation(trunk: TrunkSession): Conversation {
  return { cache: trunk.createCache(), tokens: [] }
}

/**
 * Continues `prompt` token by token. The part of the prompt that the conversation begins with already is not
 * computed again; what it holds beyond that is forgotten.
 *
 * Ends before a stop token, after `maxTokens`, at the end of the context, or when the signal fires.
 *
 * @param prompt at least one token
 * @throws RangeError for an empty prompt or one longer than the context
 */
export async function* generate(
  trunk: TrunkSession,
  chooser: Chooser,
  conversation: Conversation,
  prompt: readonly number[],
  { maxTokens, stopTokens, contextLength, signal }: GenerateOptions,
): AsyncGenerator<number> {
  if (prompt.length === 0 || prompt.length > contextLength)
    throw new RangeError(`a prompt of ${prompt.length} tokens; between 1 and ${contextLength} are possible`)
  const { cache, tokens } = conversation
  let known = 0
  // The last token is always read again: its hidden state is needed.
  while (known < prompt.length - 1 && known < cache.length && tokens[known] === prompt[known]) known++
  cache.truncate(known)
  tokens.length = known

  let unread = prompt.slice(known)
  for (let count = 0; count < maxTokens && tokens.length + unread.length <= contextLength; count++) {
    if (signal?.aborted) return
    const hidden = await trunk.forward(Int32Array.from(unread), cache)
    tokens.push(...unread)
    const d = hidden.length / unread.length
    const token = await chooser.choose(hidden.slice(hidden.length - d))
    if (stopTokens.includes(token)) return
    yield token
    unread = [token]
  }
}
