import { expect, test } from 'vitest'
import { chatAfter } from './chat-after.ts'
import { messagesFor } from './chat.ts'
import type { Session } from './console-store.ts'
import { waitingOutput } from './generation-output.ts'

const session = (chat: Session['chat'], prompt: string, base: string, spellm: string): Session => ({
  key: 1,
  source: { kind: 'run', id: 'first' },
  prompt,
  chat,
  numbers: {},
  sampling: null,
  maxTokens: 10,
  outputs: {
    base: { ...waitingOutput('base'), status: 'ended', rest: base },
    spellm: { ...waitingOutput('trie'), status: 'ended', rest: spellm },
  },
})

test('each model continues with its own answers', () => {
  const first = session(chatAfter(null, ''), 'Who are you?', 'A bear.', 'A hare.')
  const chat = chatAfter(first, 'Be brief.')
  expect(messagesFor('base', chat, 'Really?')).toEqual([
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Who are you?' },
    { role: 'assistant', content: 'A bear.' },
    { role: 'user', content: 'Really?' },
  ])
  expect(messagesFor('spellm', chat, 'Really?')[2]).toEqual({ role: 'assistant', content: 'A hare.' })
  expect(chatAfter(session(chat, 'Really?', 'Yes.', 'No.'), '').earlier).toEqual([
    { message: 'Who are you?', answers: { base: 'A bear.', spellm: 'A hare.' } },
    { message: 'Really?', answers: { base: 'Yes.', spellm: 'No.' } },
  ])
})

test('a conversation after a text that was continued starts again, without an empty system prompt', () => {
  const chat = chatAfter(session(null, 'Once', ' upon', ' more'), ' ')
  expect(messagesFor('base', chat, 'Hello')).toEqual([{ role: 'user', content: 'Hello' }])
})
