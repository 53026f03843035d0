import { setImmediate } from 'node:timers/promises'
import type { Chooser } from '../decode/chooser.ts'
import { createPicker, type Picker } from '../decode/picker.ts'
import { defaultCandidates } from '../decode/shortlist.ts'
import { symbolFreeChooser, symbolTrieChooser } from '../decode/symbol-choosers.ts'
import type { ChunkRange } from '../distill/schedule.ts'
import { allChunks, readChunk, type TeacherCache } from '../distill/teacher-cache.ts'
import { CancelledError } from '../base/errors.ts'
import type { Agreement } from '../evaluate/agreement.ts'
import type { SymbolReader, SymbolText } from '../evaluate/symbol-text.ts'
import { float16ToFloat32, float32ToFloat16 } from '../formats/half.ts'
import type { BaseDistribution } from '../models/base-distribution.ts'
import { stackRows } from '../models/batch-trunk.ts'
import type { LastPosition } from '../models/trunk-session.ts'
import { ownTurn, type Turn } from '../runtime/turns.ts'
import { usualDraw, type RecordedDoubts } from '../spellm/doubts.ts'

/** How well a tail knows the answers of its base model. */
export interface AnswerMeasurement {
  readonly agreement: Agreement
  readonly doubts: RecordedDoubts
}

/** Where and how far answers are read along. */
interface AnswersRead {
  /** Roughly the maximum number of positions, in whole sequences; default: all. */
  readonly maxPositions?: number
  /** Default: all chunks. */
  readonly range?: ChunkRange
  readonly signal?: AbortSignal | undefined
  readonly turn?: Turn
}

/**
 * Goes along greedy answers that the base model wrote, and looks at what the tail would write at each position: by its exact
 * scores, by trie mode and by free mode.
 *
 * @param cache of a text that the model wrote, see `fillOwnText`
 * @param tokenize the ids of a text, for strings that free decoding can't look up
 * @throws CancelledError when the signal fires
 */
export async function measureAnswers(
  reader: SymbolReader,
  cache: TeacherCache,
  tokenize: (text: string) => number[],
  read: AnswersRead = {},
): Promise<AnswerMeasurement> {
  const record = createRecord(reader)
  const isRight: number[] = []
  let trie = 0
  let free = 0
  const lengths = await readAnswers(reader, cache, read, (text) => {
    const choosers = {
      trie: symbolTrieChooser({ ...text, rows: reader.rows }, defaultCandidates),
      free: symbolFreeChooser(text, tokenize, null),
    }
    return async (state, choice) => {
      const { tokens, picker } = text
      isRight.push(Number((await record.pick(text, state, picker)) === choice))
      if ((await choosers.trie.choose(state, tokens))[0] === choice) trie++
      if ((await choosers.free.choose(state, tokens))[0] === choice) free++
    }
  })
  const positions = isRight.length
  return {
    agreement: { trie: trie / Math.max(1, positions), free: free / Math.max(1, positions), positions },
    doubts: record.end(lengths, isRight),
  }
}

/**
 * Goes along texts that the base model drew, and looks at how doubtful a draw of `usualDraw` would be at each position of an answer,
 * and whether the base model draws the same with the same luck.
 *
 * @param cache as of `measureAnswers`
 * @param base gives the base model's probabilities
 * @throws CancelledError when the signal fires
 */
export async function measureDraws(
  reader: SymbolReader,
  cache: TeacherCache,
  base: BaseDistribution,
  read: AnswersRead,
): Promise<RecordedDoubts> {
  const { turn = ownTurn } = read
  const picker = createPicker(usualDraw)
  const record = createRecord(reader)
  const isRight: number[] = []
  /** What the base model hasn't drawn yet. */
  let drawn: { readonly token: number; readonly place: number; readonly hidden: Float32Array }[] = []
  const compare = async () => {
    const { probabilities } = await turn(() =>
      base.read(float32ToFloat16(stackRows(drawn.map(({ hidden }) => hidden)))),
    )
    const size = probabilities.length / drawn.length
    for (const [row, { token, place }] of drawn.entries()) {
      const logits = probabilities.subarray(row * size, (row + 1) * size).map(Math.log)
      isRight.push(Number((await picker.pickOfAll(logits, place)).index === token))
    }
    drawn = []
  }
  const lengths = await readAnswers(reader, cache, read, (text) => async (state) => {
    const token = await record.pick(text, state, picker)
    drawn.push({ token, place: text.tokens.length, hidden: state.hidden })
    if (drawn.length === base.rows) await compare()
  })
  if (drawn.length > 0) await compare()
  return record.end(lengths, isRight)
}

/** Picks from exact scores, position by position, and records each doubt and what was read for it. */
function createRecord({ first }: SymbolReader) {
  const doubts: number[] = []
  const rowsRead: number[] = []
  return {
    /** @returns the token; −1: there is none that may be */
    pick: async ({ tokens, context }: SymbolText, state: LastPosition, picker: Picker): Promise<number> => {
      const { scores, exact } = await first.look(state, context)
      const { token, doubt } = first.choose(scores, exact, picker, tokens.length)
      doubts.push(doubt)
      rowsRead.push(exact.count - context.count)
      return token
    },
    end: (lengths: Int32Array, isRight: readonly number[]): RecordedDoubts => ({
      lengths,
      doubts: Float32Array.from(doubts),
      isRight: Uint8Array.from(isRight),
      ...(first.speller.alphabet.unit === 'group' ? { rowsRead: Int32Array.from(rowsRead) } : {}),
    }),
  }
}

/**
 * Reads along the texts of a cache, and looks at each position of an answer.
 *
 * @param lookAlong what looks at the positions of a text: the state, and what the base model chooses after it
 * @returns the positions of each answer
 */
async function readAnswers(
  reader: SymbolReader,
  cache: TeacherCache,
  { maxPositions = Infinity, range = allChunks(cache), signal, turn = ownTurn }: AnswersRead,
  lookAlong: (text: SymbolText) => (state: LastPosition, choice: number) => Promise<void>,
): Promise<Int32Array> {
  const { tokens, hiddenSize: d } = cache.shape
  const lengths: number[] = []
  let positions = 0
  for (let chunk = range.from; chunk < range.to && positions < maxPositions; chunk++) {
    const { hidden, choices, ids, starts, inAnswer } = await readChunk(cache, chunk)
    if (!ids || !starts || !inAnswer) throw new TypeError('a cache of a text that the model did not write')
    for (let from = 0; from < choices.length && positions < maxPositions; from += tokens) {
      if (signal?.aborted) throw new CancelledError()
      const states = float16ToFloat32(hidden.subarray(from * d, (from + tokens) * d))
      const scores = await turn(() => reader.scores(states))
      let text = reader.createText()
      let look = lookAlong(text)
      let unread: number[] = []
      for (let row = 0; row < tokens; row++) {
        const at = from + row
        if (starts[at] === at && row > 0) {
          text = reader.createText()
          look = lookAlong(text)
          unread = []
        }
        unread.push(ids[at]!)
        if (!inAnswer[at]) continue
        const state = text.read(unread, states.subarray(row * d, (row + 1) * d), scores[row]!)
        unread = []
        await look(state, choices[at]!)
        if (row === 0 || !inAnswer[at - 1] || starts[at] === at) lengths.push(0)
        lengths[lengths.length - 1]!++
        positions++
      }
      await setImmediate()
    }
  }
  return Int32Array.from(lengths)
}

/** trie mode of a tail that is not part of a trunk's pass, for a text of its own. */
export function measuringChooser(reader: SymbolReader): Chooser {
  const text = reader.createText()
  const trie = symbolTrieChooser({ ...text, rows: reader.rows }, defaultCandidates)
  return {
    outputHead: 'none',
    choose: async ({ hidden }, tokens) => {
      const [scores] = await reader.scores(hidden)
      return trie.choose(text.read(tokens.slice(text.tokens.length), hidden, scores!), tokens)
    },
  }
}
