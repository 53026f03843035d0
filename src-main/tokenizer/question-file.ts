import { z } from 'zod'
import { SpellmError } from '../base/errors.ts'
import type { ChatMessage } from './chat-template.ts'
import { readLines } from '../formats/text-source.ts'

/** What a user would ask a model. */
export interface Question {
  /** The messages up to the answer; the last one is the user's. */
  readonly messages: readonly ChatMessage[]
  /** Where it stands, for messages: the file and its line, from 1. */
  readonly place: string
}

const mostCharacters = 1 << 20

const text = z.string().max(mostCharacters)
const lineSchema = z.looseObject({
  question: text.nullish(),
  prompt: text.nullish(),
  messages: z
    .array(z.object({ role: z.string().min(1).max(100), content: text }))
    .min(1)
    .max(1_000)
    .nullish(),
})

/**
 * The questions of files, one after another and in bounded memory. A `.jsonl` file has one a line, as a string in
 * `question` or `prompt`, or as a conversation in `messages`, of which all up to the user's last message counts. Any other
 * file is text with a question in each line that isn't blank.
 *
 * @throws SpellmError 'file-not-found' | 'text-invalid' (no questions, binary, not UTF-8, a line that is too long or isn't
 *   what was expected), with the file and the line
 */
export async function* readQuestions(paths: readonly string[]): AsyncGenerator<Question> {
  for (const path of paths) {
    const isJson = path.toLowerCase().endsWith('.jsonl')
    let found = false
    let number = 0
    // What is longer than a line may be comes in pieces that still are.
    for await (const line of readLines(path, 2 * mostCharacters)) {
      const place = `${path}, line ${++number}`
      if (line.length > mostCharacters) throw invalid(place, `has more than ${mostCharacters} characters`)
      if (line.trim() === '') continue
      found = true
      yield { messages: isJson ? parseLine(line, place) : [asked(line.trim())], place }
    }
    if (!found) throw invalid(path, 'holds no question')
  }
}

const asked = (content: string): ChatMessage => ({ role: 'user', content })

function parseLine(line: string, place: string): ChatMessage[] {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw invalid(place, 'is not JSON')
  }
  const parsed = lineSchema.safeParse(value)
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!
    throw invalid(
      place,
      path.length > 0 ? `has a wrong '${path.join('.')}' (${message})` : "isn't a JSON object",
    )
  }
  const { question, prompt, messages } = parsed.data
  const content = question ?? prompt
  if (typeof content === 'string') {
    if (content.trim() === '') throw invalid(place, 'asks nothing')
    return [asked(content)]
  }
  if (!messages) throw invalid(place, "has none of the fields 'question', 'prompt' and 'messages'")
  const last = messages.findLastIndex(({ role }) => role === 'user')
  if (last < 0) throw invalid(place, "has no message of the role 'user'")
  return messages.slice(0, last + 1)
}

function invalid(place: string, problem: string): SpellmError {
  return new SpellmError(
    'text-invalid',
    `${place} ${problem}.`,
    'Give a question a line, or a .jsonl file whose lines are objects with "question", "prompt" or "messages".',
  )
}
