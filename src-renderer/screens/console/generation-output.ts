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
  /** Without the prompt; null before the first token. */
  readonly tokensPerSecond: number | null
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
  error: null,
})

export function applyGenerationEvent(output: GenerationOutput, event: GenerationEvent): GenerationOutput {
  switch (event.type) {
    case 'prompt':
      return { ...output, status: 'streaming', promptTokens: event.tokens }
    case 'token': {
      const { token: id, text, milliseconds } = event
      const tokens = [...output.tokens, { id, text, milliseconds }]
      const total = tokens.reduce((sum, token) => sum + token.milliseconds, 0)
      const tokensPerSecond = total === 0 ? null : (1_000 * tokens.length) / total
      return { ...output, status: 'streaming', tokens, tokensPerSecond }
    }
    case 'end': {
      const { reason, device, promptMilliseconds, tokensPerSecond, text } = event
      return {
        ...output,
        status: 'ended',
        rest: text,
        tokensPerSecond,
        end: { reason, device, promptMilliseconds },
      }
    }
  }
}

/** Whether more is to come. */
export const isOpen = ({ status }: GenerationOutput): boolean =>
  status === 'waiting' || status === 'streaming'

/** All of the text, without the prompt. */
export const textOf = ({ tokens, rest }: GenerationOutput): string =>
  tokens.map(({ text }) => text).join('') + rest

/** Milliseconds of the median step; null before the first token. */
export function medianMilliseconds({ tokens }: GenerationOutput): number | null {
  if (tokens.length === 0) return null
  const sorted = tokens.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The ids of all tokens before one of the output: what the model had read when it chose that one. */
export const contextOf = ({ promptTokens, tokens }: GenerationOutput, index: number): number[] => [
  ...promptTokens,
  ...tokens.slice(0, index).map(({ id }) => id),
]
