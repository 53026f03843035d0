import type { OpenedModel } from '../decode/text-generator.ts'
import { conversationPieces } from '../distill/own-text/conversation-pieces.ts'
import { conversationsIn, questionsIn, type Conversations } from '../distill/own-text/questions.ts'
import { openingTokens } from '../distill/own-text/sequence.ts'
import { ownTextShape } from '../distill/own-text/shape.ts'
import { createOwnTextWriter, type WriterOptions } from '../distill/own-text/writer.ts'
import { openChatTemplate } from '../tokenizer/chat-template.ts'

/** The prompts that a benchmark's texts continue. */
export interface OwnPrompts {
  /** Whether they are questions, or beginnings of documents. */
  readonly kind: 'chat' | 'document'
  /** Tokens of each prompt at each context. */
  readonly byContext: ReadonlyMap<number, readonly (readonly number[])[]>
}

/** Far from what a person chooses, and from the seeds of held-out answers: another text than any that was learnt from. */
const seed = 0x3e7c_4d13
/** Sequences that are written side by side, if no more prompts are asked for. */
const usualSequences = 16
/** The minimum tokens of a sequence that only has to reach an answer: a question, or what is drawn of a document. */
const leastTokens = { chat: 96, document: openingTokens + 1 } as const
/** What keys and values of all sequences may take. */
const keyValueBytes = 1e9

/**
 * Prompts that the model asks itself: an instruct model's questions, drawn from its template's beginning of a user turn; other
 * models' beginnings of documents. Before all of them stand the same earlier conversations of its own, the last one broken off,
 * as many as make a prompt about as long as a context.
 *
 * @param count prompts, fewer where the model comes to no answer
 * @param contexts tokens, ascending
 * @param mostTokens of a prompt, whatever the context: a text needs room
 * @param onProgress called with the passes of the trunk
 * @throws SpellmError as `conversationPieces` and `createOwnTextWriter`; CancelledError when the signal fires
 */
export async function writeOwnPrompts(
  { base, tokenizer }: Pick<OpenedModel, 'base' | 'tokenizer'>,
  {
    count,
    contexts,
    mostTokens,
  }: {
    readonly count: number
    readonly contexts: readonly number[]
    readonly mostTokens: number
  },
  {
    onProgress,
    ...options
  }: Pick<WriterOptions, 'threads' | 'signal' | 'turn'> & {
    readonly onProgress?: (done: number, total: number) => void
  } = {},
): Promise<OwnPrompts> {
  const { pieces } = conversationPieces(await openChatTemplate(base.folder), tokenizer, base)
  const longest = Math.min(contexts.at(-1)!, mostTokens)
  const sequences = Math.max(usualSequences, count)
  const { tokens: most } = ownTextShape(base.architecture, pieces, {
    memoryBytes: keyValueBytes,
    device: 'cpu',
  })
  const tokens = Math.min(most, Math.max(leastTokens[pieces.kind], Math.ceil(longest / sequences)))
  // The prompts' own conversations don't fill up contexts.
  const rounds = Math.ceil((longest + count * tokens) / (sequences * tokens))
  let before = 0
  const writer = await createOwnTextWriter(base, tokenizer, pieces, {
    ...options,
    sequences,
    tokens,
    seed,
    answers: 'sampled',
    questions: null,
    onPass: (positions) => onProgress?.(before + positions / sequences, rounds * tokens),
  })
  const written: Conversations[] = []
  try {
    for (let round = 0; round < rounds; round++) {
      written.push(await writer.write(round))
      before += tokens
    }
  } finally {
    await writer.release()
  }
  const questions = questionsIn(written[0]!, tokens, pieces.prefix, sequences).slice(0, count)
  // A model that comes to no answer begins one at once.
  const prompts = questions.length > 0 ? questions : [[...pieces.prefix]]
  const conversations = written
    .flatMap((text) => conversationsIn(text, pieces.prefix))
    .map(({ ids }) => [...ids])
  const filled = (context: number) => filledUp(prompts, conversations, Math.min(context, mostTokens))
  const byContext = new Map(contexts.map((context) => [context, filled(context)]))
  return { kind: pieces.kind, byContext }
}

/**
 * Prompts after so much of the same conversations that the longest has `context` tokens; where it has more, or there are no
 * conversations, they stay as they are. A prompt's own conversation is left out, since its answer would be given away.
 */
export function filledUp(
  prompts: readonly (readonly number[])[],
  conversations: readonly (readonly number[])[],
  context: number,
): number[][] {
  const room = context - Math.max(...prompts.map(({ length }) => length))
  const isOwn = (conversation: readonly number[]) =>
    prompts.some((prompt) => prompt.every((token, place) => conversation[place] === token))
  const before: number[] = []
  for (const conversation of conversations)
    if (before.length < room && !isOwn(conversation))
      before.push(...conversation.slice(0, room - before.length))
  return prompts.map((prompt) => [...before, ...prompt])
}
