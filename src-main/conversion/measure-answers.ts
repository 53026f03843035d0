import { setImmediate } from 'node:timers/promises'
import type { Chooser } from '../decode/chooser.ts'
import { createPicker } from '../decode/picker.ts'
import { defaultCandidates } from '../decode/shortlist.ts'
import { symbolFreeChooser, symbolTrieChooser } from '../decode/symbol-choosers.ts'
import { readChunk, type TeacherCache } from '../distill/teacher-cache.ts'
import { CancelledError } from '../errors.ts'
import type { Agreement } from '../evaluate/agreement.ts'
import type { SymbolReader } from '../evaluate/symbol-text.ts'
import { float16ToFloat32 } from '../formats/half.ts'
import { ownTurn, type Turn } from '../runtime/turns.ts'
import { usualDraw, type RecordedDoubts } from '../spellm/doubts.ts'

/** How well a tail knows the answers of its base model. */
export interface AnswerMeasurement {
  readonly agreement: Agreement
  readonly doubts: RecordedDoubts
}

/**
 * Goes along greedy answers that the base model wrote, and looks at what the tail would write at each position: by its exact
 * scores, greedily and drawn, by trie mode and by free mode.
 *
 * @param cache of a text that the model wrote, see `fillOwnText`
 * @param tokenize the ids of a text, for strings that free decoding can't look up
 * @param options.maxPositions about so many at the most, in whole sequences; default: all
 * @throws CancelledError when the signal fires
 */
export async function measureAnswers(
  reader: SymbolReader,
  cache: TeacherCache,
  tokenize: (text: string) => number[],
  {
    maxPositions = Infinity,
    signal,
    turn = ownTurn,
  }: {
    readonly maxPositions?: number
    readonly signal?: AbortSignal | undefined
    readonly turn?: Turn
  } = {},
): Promise<AnswerMeasurement> {
  const { tokens, hiddenSize: d } = cache.shape
  const found = {
    lengths: [] as number[],
    doubts: [] as number[],
    isRight: [] as number[],
    rowsRead: [] as number[],
    drawnDoubts: [] as number[],
  }
  let trie = 0
  let free = 0
  for (let chunk = 0; chunk < cache.chunks; chunk++) {
    const { hidden, choices, ids, starts, inAnswer } = await readChunk(cache, chunk)
    if (!ids || !starts || !inAnswer) throw new TypeError('a cache of a text that the model did not write')
    for (let from = 0; from < choices.length && found.doubts.length < maxPositions; from += tokens) {
      if (signal?.aborted) throw new CancelledError()
      const states = float16ToFloat32(hidden.subarray(from * d, (from + tokens) * d))
      const scores = await turn(() => reader.scores(states))
      let picksAfter = readAlong(reader, tokenize)
      let unread: number[] = []
      for (let row = 0; row < tokens; row++) {
        const at = from + row
        if (starts[at] === at && row > 0) {
          picksAfter = readAlong(reader, tokenize)
          unread = []
        }
        unread.push(ids[at]!)
        if (!inAnswer[at]) continue
        const picks = await picksAfter(unread, states.subarray(row * d, (row + 1) * d), scores[row]!)
        unread = []
        const choice = choices[at]
        if (row === 0 || !inAnswer[at - 1] || starts[at] === at) found.lengths.push(0)
        found.lengths[found.lengths.length - 1]!++
        found.doubts.push(picks.doubt)
        found.isRight.push(Number(picks.exact === choice))
        found.rowsRead.push(picks.rowsRead)
        found.drawnDoubts.push(picks.drawnDoubt)
        if (picks.trie === choice) trie++
        if (picks.free === choice) free++
      }
      await setImmediate()
    }
  }
  const positions = found.doubts.length
  return {
    agreement: { trie: trie / Math.max(1, positions), free: free / Math.max(1, positions), positions },
    doubts: {
      lengths: Int32Array.from(found.lengths),
      doubts: Float32Array.from(found.doubts),
      isRight: Uint8Array.from(found.isRight),
      drawnDoubts: Float32Array.from(found.drawnDoubts),
      ...(reader.first.speller.alphabet.unit === 'group'
        ? { rowsRead: Int32Array.from(found.rowsRead) }
        : {}),
    },
  }
}

/** trie mode of a tail that is not part of a trunk's pass, for a text of its own. */
export function measuringChooser(reader: SymbolReader): Chooser {
  const text = reader.createText()
  const trie = symbolTrieChooser({ ...text, rows: reader.rows }, defaultCandidates)
  return {
    ending: 'none',
    choose: async ({ hidden }, tokens) => {
      const [scores] = await reader.scores(hidden)
      return trie.choose(text.read(tokens.slice(text.tokens.length), hidden, scores!), tokens)
    },
  }
}

/** Reads along one text, and says what each mode would write next. */
function readAlong(reader: SymbolReader, tokenize: (text: string) => number[]) {
  const text = reader.createText()
  const trie = symbolTrieChooser({ ...text, rows: reader.rows }, defaultCandidates)
  const free = symbolFreeChooser(text, tokenize, null)
  const drawing = createPicker(usualDraw)
  return async (...step: Parameters<typeof text.read>) => {
    const state = text.read(...step)
    const { tokens, context, picker } = text
    const { scores, exact } = await reader.first.look(state, context)
    const { token, doubt } = reader.first.choose(scores, exact, picker, tokens.length)
    return {
      exact: token,
      doubt,
      drawnDoubt: reader.first.choose(scores, exact, drawing, tokens.length).doubt,
      rowsRead: exact.count - context.count,
      trie: (await trie.choose(state, tokens))[0],
      free: (await free.choose(state, tokens))[0],
    }
  }
}
