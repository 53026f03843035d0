import type { ChatMessage } from '../../../src-main/contract/index.ts'
import type { Session, Side } from './console-store.ts'
import { textOf } from './generation-output.ts'

/** A message and what the models answered. */
export interface Turn {
  readonly message: string
  readonly answers: Readonly<Partial<Record<Side, string>>>
}

/** What a conversation is before its last message. */
export interface Chat {
  /** '': none. */
  readonly system: string
  readonly earlier: readonly Turn[]
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

/** The conversation that goes on after a session; a new one where it was none. */
export function chatAfter(session: Session | null, system: string): Chat {
  if (!session?.chat) return { system, earlier: [] }
  const { chat, prompt, outputs } = session
  const answers = Object.fromEntries(
    Object.entries(outputs).map(([side, output]) => [side, textOf(output)]),
  ) as Turn['answers']
  return { system, earlier: [...chat.earlier, { message: prompt, answers }] }
}
