import { createHash } from 'node:crypto'
import type { ConversationPieces } from './conversation-pieces.ts'

type Tokens = readonly number[]

/**
 * Cuts whole prompts, each from a text's beginning to where the answer begins, into what stands around them and the questions
 * themselves. Where not all have the pieces of the template (a system message of their own, say), around them stands what
 * they have in common, and a question ends where its answer begins.
 *
 * @param prompts at least one, none of them empty
 * @returns questions in the order of the prompts, each at least one token
 */
export function questionPieces(
  prompts: readonly Tokens[],
  pieces: ConversationPieces,
): { readonly pieces: ConversationPieces; readonly questions: readonly Tokens[] } {
  const { prefix, between } = pieces
  const isCut = prompts.every(
    (prompt) =>
      prompt.length > prefix.length + between.length &&
      prefix.every((token, i) => prompt[i] === token) &&
      between.every((token, i) => prompt[prompt.length - between.length + i] === token),
  )
  const before = isCut ? prefix : commonBeginning(prompts)
  const after = isCut ? between : []
  return {
    pieces: { ...pieces, prefix: before, between: after, questionEnd: after.slice(0, 1) },
    questions: prompts.map((prompt) => prompt.slice(before.length, prompt.length - after.length)),
  }
}

/** The longest beginning of all that leaves at least a token of each. */
function commonBeginning(prompts: readonly Tokens[]): Tokens {
  const [first = []] = prompts
  const most = Math.min(...prompts.map(({ length }) => length)) - 1
  let length = 0
  while (length < most && prompts.every((prompt) => prompt[length] === first[length])) length++
  return first.slice(0, length)
}

/** One question in this many is kept for measuring. */
const heldOutEvery = 8

/**
 * Divides questions into those that are learnt from and those that nothing is learnt from. Which ones these are depends on the
 * questions alone, not on their order, and a question that is there twice counts once.
 *
 * @returns at least one of each where there are two different questions
 */
export function holdOutQuestions(questions: readonly Tokens[]): {
  readonly training: readonly Tokens[]
  readonly heldOut: readonly Tokens[]
} {
  const byHash = new Map(
    questions.map((question) => [createHash('sha256').update(question.join()).digest('hex'), question]),
  )
  const hashes = [...byHash.keys()].sort()
  const inOrder = hashes.map((hash) => byHash.get(hash)!)
  const count = Math.max(1, Math.floor(inOrder.length / heldOutEvery))
  return { heldOut: inOrder.slice(0, count), training: inOrder.slice(count) }
}
