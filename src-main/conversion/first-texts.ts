import type { ConversationPieces } from '../distill/own-text/conversation-pieces.ts'
import type { WriterOptions } from '../distill/own-text/writer.ts'
import type { Tokenizer } from '../tokenizer/index.ts'
import type { ConversionEvent, JobOptions } from './events.ts'

const shownTexts = 4
const shownCharacters = 400
const controlCharacters = /[^\P{Cc}\n]/gu

/** Shows the first texts that a model writes, so that a person sees at once what is learnt from. */
export function createFirstTexts(
  tokenizer: Pick<Tokenizer, 'decode'>,
  { kind, between }: Pick<ConversationPieces, 'kind' | 'between'>,
  onEvent: JobOptions['onEvent'],
): NonNullable<WriterOptions['onConversation']> {
  const shown = new Set<number>()
  const show = (tokens: Int32Array) => {
    // A terminal would obey some of them.
    const text = tokenizer.decode(tokens).replace(controlCharacters, '').trim()
    return text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text
  }
  return ({ ids, inAnswer }, start, end) => {
    if (shown.size === shownTexts || shown.has(start)) return
    const firstOfAnswer = inAnswer.subarray(start, end).indexOf(1)
    const answerAt = firstOfAnswer < 0 ? end : start + firstOfAnswer + 1
    // One that has no answer yet is shown when it has ended.
    if (answerAt >= end) return
    shown.add(start)
    const questionEnd = kind === 'chat' ? answerAt - between.length : start + 1
    const question = show(ids.subarray(start + 1, questionEnd))
    const answer = show(ids.subarray(kind === 'chat' ? answerAt : start + 1, end))
    onEvent({ type: 'written', question, answer })
  }
}

/** What is shown of a text, for a person. */
export const describeWritten = ({
  question,
  answer,
}: Pick<Extract<ConversionEvent, { type: 'written' }>, 'question' | 'answer'>): string =>
  question === '' ? answer : `${question}\n→ ${answer}`
