import { join } from 'node:path'
import { conversationPieces, type ConversationPieces } from '../distill/own-text/conversation-pieces.ts'
import { holdOutQuestions, questionPieces } from '../distill/own-text/question-pieces.ts'
import { longestQuestion, roomAfter } from '../distill/own-text/shape.ts'
import { SpellmError } from '../base/errors.ts'
import { renderChat, type ChatMessage, type ChatTemplate } from '../tokenizer/chat-template.ts'
import { readQuestions, type Question } from '../tokenizer/question-file.ts'
import { openSafetensors, readTensorBytes, writeSafetensors } from '../formats/safetensors.ts'
import type { Tokenizer } from '../tokenizer/index.ts'
import type { BaseModel } from '../models/base-model.ts'

type Tokens = readonly number[]

/** The user's own questions: what the model answers to learn from, and to be measured by. */
export interface GivenQuestions {
  readonly training: readonly Tokens[]
  readonly heldOut: readonly Tokens[]
}

/** An answer with its question has more tokens. */
const leastConversation = 16
const mostQuestions = 65_536

/**
 * Reads the user's questions, as many as there is room to answer. What stands around them is the chat template's; a model
 * without one continues them like beginnings of documents.
 *
 * @param tokens that are learnt from
 * @returns with sentences on what was left out
 * @throws SpellmError 'text-invalid' for what can't be asked, with file and line, and as `readQuestions`
 */
export async function readGivenQuestions(
  paths: readonly string[],
  model: BaseModel,
  tokenizer: Tokenizer,
  { template, tokens }: { readonly template: ChatTemplate | null; readonly tokens: number },
): Promise<{
  readonly pieces: ConversationPieces
  readonly questions: GivenQuestions
  readonly notices: readonly string[]
}> {
  const most = Math.min(mostQuestions, Math.ceil(tokens / leastConversation))
  const notices: string[] = []
  const prompts: number[][] = []
  const places: string[] = []
  for await (const question of readQuestions(paths)) {
    if (prompts.length === most) {
      notices.push(
        `${tokens} tokens have room for ${most} questions: those from ${question.place} on are left out.`,
      )
      break
    }
    prompts.push(template ? asked(template, question, tokenizer) : begun(model, question, tokenizer))
    places.push(question.place)
  }
  const around = template
    ? conversationPieces(template, tokenizer, model).pieces
    : documentAfterAnything(model)
  const cut = questionPieces(prompts, around)
  const longest = Math.min(longestQuestion, Math.floor(roomAfter(model.architecture, cut.pieces) / 2))
  const kept = cut.questions.filter(({ length }) => length <= longest)
  if (kept.length < prompts.length) {
    const first = cut.questions.findIndex(({ length }) => length > longest)
    notices.push(
      `${prompts.length - kept.length} questions of more than ${Math.max(0, longest)} tokens are left out, the first in ${places[first]!}.`,
    )
  }
  const questions = holdOutQuestions(kept)
  if (questions.training.length === 0)
    throw new SpellmError(
      'text-invalid',
      `${paths.join(', ')}: ${kept.length === 0 ? 'no question is' : 'only one question is'} short enough and unlike the others.${notices.map((notice) => ` ${notice}`).join('')}`,
      'Give at least two different questions, better hundreds: one in eight is kept for measuring.',
    )
  return { pieces: cut.pieces, questions, notices }
}

/** The system message for templates that refuse a conversation without one. */
const system: ChatMessage = { role: 'system', content: 'You are a helpful assistant.' }

/** The tokens of a conversation up to where its answer begins. */
function asked(template: ChatTemplate, { messages, place }: Question, tokenizer: Tokenizer): number[] {
  const render = (all: readonly ChatMessage[]) => renderChat(template, all, { addGenerationPrompt: true })
  try {
    return tokenizer.encode(render(messages))
  } catch (error) {
    if (!(error instanceof SpellmError) || error.code !== 'setting-invalid') throw error
    try {
      return tokenizer.encode(render([system, ...messages]))
    } catch {
      throw new SpellmError('text-invalid', `${place}: ${error.message}`, error.remedy, { cause: error })
    }
  }
}

/** The tokens of a document's beginning. */
function begun(model: BaseModel, { messages, place }: Question, tokenizer: Tokenizer): number[] {
  if (messages.length > 1)
    throw new SpellmError(
      'text-invalid',
      `${place} has a conversation, but ${model.folder} has no chat template.`,
      'Give beginnings of texts, or choose a chat model.',
    )
  return [...documentAfterAnything(model).prefix, ...tokenizer.encode(messages[0]!.content)]
}

/** Texts that continue what was given: a model without a begin token reads the token that ends its texts first. */
export function documentAfterAnything({ architecture, stopTokens }: BaseModel): ConversationPieces {
  const begin = architecture.beginToken ?? stopTokens[0] ?? 0
  return { kind: 'document', prefix: [begin], between: [], questionEnd: [], stops: stopTokens }
}

export const questionsFile = 'questions.safetensors'

/** Keeps the questions with a run: their file may change. */
export async function storeQuestions(folder: string, { training, heldOut }: GivenQuestions): Promise<void> {
  const vector = (values: readonly number[]) =>
    ({ dtype: 'I32', shape: [values.length], data: Int32Array.from(values) }) as const
  const lengths = (list: readonly Tokens[]) => vector(list.map(({ length }) => length))
  await writeSafetensors(join(folder, questionsFile), {
    training: vector(training.flat()),
    trainingLengths: lengths(training),
    heldOut: vector(heldOut.flat()),
    heldOutLengths: lengths(heldOut),
  })
}

/**
 * The questions that are kept with a run.
 *
 * @throws SpellmError 'file-not-found' | 'file-invalid'
 */
export async function loadQuestions(folder: string): Promise<GivenQuestions> {
  const path = join(folder, questionsFile)
  const { tensors } = await openSafetensors(path)
  const vector = async (name: string) => {
    const entry = tensors.get(name)
    if (entry?.dtype !== 'I32') throw damaged(path)
    return new Int32Array((await readTensorBytes(entry)).buffer)
  }
  const lists = async (name: string): Promise<Tokens[]> => {
    const tokens = await vector(name)
    let end = 0
    const questions = Array.from(await vector(`${name}Lengths`), (length) => [
      ...tokens.subarray(end, (end += length)),
    ])
    if (end !== tokens.length || questions.some(({ length }) => length === 0)) throw damaged(path)
    return questions
  }
  return { training: await lists('training'), heldOut: await lists('heldOut') }
}

const damaged = (path: string) =>
  new SpellmError('file-invalid', `${path} is damaged.`, 'Begin a new run: this one has lost its questions.')
