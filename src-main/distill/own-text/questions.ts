import type { WrittenPositions } from '../teacher-chunk.ts'

/** What tells the conversations of a text that a model wrote itself apart, see `WrittenPositions`. */
export type Conversations = Pick<WrittenPositions, 'ids' | 'starts' | 'inAnswer'>

/** A conversation, or a document, from its prefix on. */
export interface KvContext {
  /** Its tokens, [n]. */
  readonly ids: Int32Array
  /** 1 where the token after the position belongs to an answer, [n]. */
  readonly inAnswer: Uint8Array
}

/**
 * Each conversation of a text with its whole prefix; the last one of a sequence may be broken off.
 *
 * @param prefix the pieces' one, of which `ids` have the last token
 */
export function conversationsIn(
  { ids, starts, inAnswer }: Conversations,
  prefix: readonly number[],
): KvContext[] {
  const before = prefix.slice(0, -1)
  const found: KvContext[] = []
  for (let start = 0, end = 1; end <= ids.length; end++)
    if (end === ids.length || starts[end] !== starts[start]) {
      found.push({
        ids: Int32Array.from([...before, ...ids.subarray(start, end)]),
        inAnswer: Uint8Array.from([...before.map(() => 0), ...inAnswer.subarray(start, end)]),
      })
      start = end
    }
  return found
}

/**
 * What stands before the first answer of some sequences, which are spread over the text: prompts that the model asks itself.
 * Of documents it is their beginnings.
 *
 * @param text sequences of `tokens` tokens, one after another
 * @param prefix the pieces' one, of which `ids` have the last token
 * @param count maximum number of questions
 * @returns tokens, each with the whole prefix; a sequence without an answer gives none
 */
export function questionsIn(
  { ids, starts, inAnswer }: Conversations,
  tokens: number,
  prefix: readonly number[],
  count: number,
): number[][] {
  const questions: number[][] = []
  const sequences = Math.floor(ids.length / tokens)
  const stride = Math.max(1, Math.floor(sequences / count))
  for (let sequence = 0; sequence < sequences && questions.length < count; sequence += stride) {
    const start = sequence * tokens
    let end = start
    while (end < start + tokens && !inAnswer[end] && starts[end] === start) end++
    if (end < start + tokens && inAnswer[end])
      questions.push([...prefix.slice(0, -1), ...ids.subarray(start, end + 1)])
  }
  return questions
}
