import type { Chat, ChatTurn } from './chat.ts'
import type { Session } from './console-store.ts'
import { textOf } from './generation-output.ts'

/** The conversation that a session leaves, to be continued; a new one where the session wasn't a chat. */
export function chatAfter(session: Session | null, system: string): Chat {
  if (!session?.chat) return { system, earlier: [] }
  const { chat, prompt, outputs } = session
  const answers = Object.fromEntries(
    Object.entries(outputs).map(([side, output]) => [side, textOf(output)]),
  ) as ChatTurn['answers']
  return { system, earlier: [...chat.earlier, { message: prompt, answers }] }
}
