import type { ConsoleMode, GenerationEvent } from '../../../src-main/contract/index.ts'

export interface GeneratedToken {
  readonly id: number
  /** What became complete with it; may be empty inside a character. */
  readonly text: string
  readonly milliseconds: number
}

type EndEvent = Extract<GenerationEvent, { type: 'end' }>

/** What a model has made of a prompt so far. */
export interface GenerationOutput {
  readonly mode: ConsoleMode
  readonly status: 'waiting' | 'streaming' | 'ended' | 'stopped' | 'failed' | 'saved'
  readonly promptTokens: readonly number[]
  readonly tokens: readonly GeneratedToken[]
  /** Text beyond that of the tokens: what only the end made complete, or all of a saved result. */
  readonly rest: string
  readonly end: Pick<EndEvent, 'reason' | 'device' | 'promptMilliseconds'> | null
  /** Of all tokens but the first, which has the prompt's time; null until there are such tokens. */
  readonly tokensPerSecond: number | null
  /** What these tokens took together. */
  readonly millisecondsAfterPrompt: number
  /** Why it failed; null otherwise. */
  readonly error: unknown
}

export const waitingOutput = (mode: ConsoleMode): GenerationOutput => ({
  mode,
  status: 'waiting',
  promptTokens: [],
  tokens: [],
  rest: '',
  end: null,
  tokensPerSecond: null,
  millisecondsAfterPrompt: 0,
  error: null,
})

/**
 * What an output becomes with the next events of its stream. Its tokens are copied once for all of them: many events at a
 * time keep a long text from being copied for each of its tokens.
 */
export function applyGenerationEvents(
  output: GenerationOutput,
  events: readonly GenerationEvent[],
): GenerationOutput {
  const tokens = [...output.tokens]
  let next: GenerationOutput = { ...output, tokens }
  for (const event of events) {
    if (event.type === 'token') {
      const { token: id, text, milliseconds } = event
      next = { ...next, ...speedWith(next, tokens.length, milliseconds), status: 'streaming' }
      tokens.push({ id, text, milliseconds })
    } else if (event.type === 'prompt') {
      next = { ...next, status: 'streaming', promptTokens: event.tokens }
    } else {
      const { reason, device, promptMilliseconds, tokensPerSecond, text: rest } = event
      const end = { reason, device, promptMilliseconds }
      next = { ...next, status: 'ended', rest, end, tokensPerSecond: tokensPerSecond || null }
    }
  }
  return next
}

/** The speed with one more token after `count` of them. */
function speedWith(
  { millisecondsAfterPrompt: before }: GenerationOutput,
  count: number,
  milliseconds: number,
): Pick<GenerationOutput, 'tokensPerSecond' | 'millisecondsAfterPrompt'> {
  const millisecondsAfterPrompt = count === 0 ? 0 : before + milliseconds
  const tokensPerSecond = millisecondsAfterPrompt === 0 ? null : (1_000 * count) / millisecondsAfterPrompt
  return { tokensPerSecond, millisecondsAfterPrompt }
}

/** Whether more is to come. */
export const isOpen = ({ status }: GenerationOutput): boolean =>
  status === 'waiting' || status === 'streaming'

/** All of the text, without the prompt. */
export const textOf = ({ tokens, rest }: GenerationOutput): string =>
  tokens.map(({ text }) => text).join('') + rest

/** Milliseconds of the median step but the first, which has the prompt's time; null before the second token. */
export function medianMilliseconds({ tokens }: GenerationOutput): number | null {
  if (tokens.length < 2) return null
  const sorted = tokens
    .slice(1)
    .map(({ milliseconds }) => milliseconds)
    .sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The ids of all tokens before one of the output: what the model had read when it chose that one. */
export const contextOf = ({ promptTokens, tokens }: GenerationOutput, index: number): number[] => [
  ...promptTokens,
  ...tokens.slice(0, index).map(({ id }) => id),
]
