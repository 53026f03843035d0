import { SpellmError } from '../../base/errors.ts'
import { renderChat, type ChatMessage, type ChatTemplate } from '../../tokenizer/chat-template.ts'
import type { Tokenizer } from '../../tokenizer/index.ts'
import type { BaseModel } from '../../models/base-model.ts'

/**
 * What stands around the texts that a model writes itself, in tokens. Plain data: a caller that resumes on another day
 * keeps them, since a template may write the date.
 */
export interface ConversationPieces {
  /** 'chat': a user's question, then the assistant's answer. 'document': a text from its beginning. */
  readonly kind: 'chat' | 'document'
  /** Before a question, or before a document: at least one. */
  readonly prefix: readonly number[]
  /** From a question's end to where its answer begins; none in a document. */
  readonly between: readonly number[]
  /** The first of `between`, by which the model ends a question itself. */
  readonly questionEnd: readonly number[]
  /** Each of them ends an answer or a document. */
  readonly stops: readonly number[]
}

/** Letters that no template changes, and that no template has. */
const [userMarker, assistantMarker] = ['Zquserqz', 'Zqassistantqz']

const user: ChatMessage = { role: 'user', content: userMarker }
const assistant: ChatMessage = { role: 'assistant', content: assistantMarker }
/** The system message for templates that refuse a conversation without one. */
const system: ChatMessage = { role: 'system', content: 'You are a helpful assistant.' }

type Encoder = Pick<Tokenizer, 'encode' | 'entries'>
type Model = Pick<BaseModel, 'folder' | 'stopTokens'> & {
  readonly architecture: Pick<BaseModel['architecture'], 'beginToken' | 'endTokens'>
}

/**
 * Cuts a conversation that a template has rendered at its messages. Where there is no template, or none that can be cut,
 * the model writes documents from its begin token on.
 *
 * @param template null: the model was not taught to converse
 * @returns the pieces, and what to tell the user if a template could not be used
 * @throws SpellmError 'model-unsupported' if a document has no token to begin with
 */
export function conversationPieces(
  template: ChatTemplate | null,
  tokenizer: Encoder,
  model: Model,
): { readonly pieces: ConversationPieces; readonly notice: string | null } {
  if (!template) return { pieces: documentPieces(model), notice: null }
  const cut = cutTemplate(template)
  if (typeof cut !== 'string') {
    const pieces = chatPieces(cut, tokenizer, model)
    if (pieces) return { pieces, notice: null }
  }
  const reason = typeof cut === 'string' ? cut : 'nothing stands around its messages'
  return {
    pieces: documentPieces(model),
    notice: `${template.file}: this chat template can't begin a conversation (${reason}), so the model writes texts without one.`,
  }
}

interface Cut {
  readonly prefix: string
  readonly between: string
  /** After an answer; '' if unknown. */
  readonly after: string
}

/** The parts of a template's conversation, or why there are none. */
function cutTemplate(template: ChatTemplate): Cut | string {
  let reason = ''
  for (const before of [[], [system]]) {
    const asked = render(template, [...before, user], true)
    const answered = render(template, [...before, user, assistant], false)
    const whole = typeof answered === 'string' ? cutAt(answered, [userMarker, assistantMarker]) : null
    const begun = typeof asked === 'string' ? cutAt(asked, [userMarker]) : null
    // What is written at inference comes before what is written of a conversation in the past.
    if (begun && begun[1]! !== '')
      return { prefix: trimmed(begun[0]!), between: trimmed(begun[1]!), after: whole?.[2] ?? '' }
    if (whole && whole[1]! !== '')
      return { prefix: trimmed(whole[0]!), between: trimmed(whole[1]!), after: whole[2]! }
    const error = [asked, answered].find((rendered) => rendered instanceof SpellmError)
    reason ||= error?.message ?? 'it changes or repeats what a message says'
  }
  return reason
}

/** A space belongs to the word that follows, in most tokenizers; behind one, a model guesses. */
const trimmed = (text: string) => text.replace(/ +$/, '')

function render(
  template: ChatTemplate,
  messages: readonly ChatMessage[],
  addGenerationPrompt: boolean,
): string | SpellmError {
  try {
    return renderChat(template, messages, { addGenerationPrompt })
  } catch (error) {
    if (error instanceof SpellmError) return error
    throw error
  }
}

/** What stands around markers; null unless each is there once, in this order. */
function cutAt(text: string, markers: readonly string[]): readonly string[] | null {
  const parts: string[] = []
  let rest = text
  for (const marker of markers) {
    const pieces = rest.split(marker)
    if (pieces.length !== 2) return null
    parts.push(pieces[0]!)
    rest = pieces[1]!
  }
  return [...parts, rest]
}

function chatPieces(cut: Cut, tokenizer: Encoder, model: Model): ConversationPieces | null {
  const isSpecial = (token: number) => tokenizer.entries[token]?.special ?? true
  const begin = model.architecture.beginToken
  const written = tokenizer.encode(cut.prefix)
  const prefix = written.length > 0 || begin === null ? written : [begin]
  const between = encodeAfter(tokenizer, cut.between)
  if (prefix.length === 0 || between.length === 0) return null
  const firstSpecial = between.findIndex(isSpecial)
  const [turnEnd] = encodeAfter(tokenizer, cut.after)
  const ends = turnEnd !== undefined && isSpecial(turnEnd) ? [turnEnd] : []
  return {
    kind: 'chat',
    prefix,
    between,
    questionEnd: firstSpecial < 0 ? between : between.slice(0, firstSpecial + 1),
    stops: [...new Set([...model.stopTokens, ...ends])],
  }
}

/** The tokens of a text as it stands after a word. */
function encodeAfter(tokenizer: Encoder, text: string): number[] {
  const word = tokenizer.encode(userMarker)
  const both = tokenizer.encode(userMarker + text)
  return word.every((token, i) => both[i] === token) ? both.slice(word.length) : tokenizer.encode(text)
}

function documentPieces({ folder, architecture, stopTokens }: Model): ConversationPieces {
  const begin = architecture.beginToken ?? architecture.endTokens[0]
  if (begin === undefined)
    throw new SpellmError(
      'model-unsupported',
      `${folder}/config.json names no bos_token_id or eos_token_id, so the model can't begin a text by itself.`,
      'Give a text to learn from.',
    )
  return { kind: 'document', prefix: [begin], between: [], questionEnd: [], stops: stopTokens }
}
