import type { ChatMessage } from '../../../src-main/contract/index.ts'

export type Side = 'base' | 'spellm'

/** A message and what the models answered. */
export interface ChatTurn {
  readonly message: string
  readonly answers: Readonly<Partial<Record<Side, string>>>
}

/** What a conversation is before its last message. */
export interface Chat {
  /** '': none. */
  readonly system: string
  readonly earlier: readonly ChatTurn[]
}

/** The conversation as one of the models knows it: with its own answers. */
export function messagesFor(side: Side, { system, earlier }: Chat, message: string): ChatMessage[] {
  return [
    ...(system.trim() === '' ? [] : [{ role: 'system' as const, content: system }]),
    ...earlier.flatMap(({ message: asked, answers }): ChatMessage[] => [
      { role: 'user', content: asked },
      { role: 'assistant', content: answers[side] ?? '' },
    ]),
    { role: 'user', content: message },
  ]
}
