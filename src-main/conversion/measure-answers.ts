import { setImmediate } from 'node:timers/promises'
import { createContextSymbols } from '../decode/context-symbols.ts'
import { createFirstScores } from '../decode/first-choice.ts'
import { createPicker } from '../decode/picker.ts'
import { symbolFreeChooser, symbolTrieChooser } from '../decode/symbol-choosers.ts'
import type { Chooser } from '../decode/chooser.ts'
import type { ContextSymbols } from '../decode/context-symbols.ts'
import { defaultCandidates } from '../decode/shortlist.ts'
import { readChunk, type TeacherCache } from '../distill/teacher-cache.ts'
import { CancelledError } from '../errors.ts'
import type { Agreement } from '../evaluate/agreement.ts'
import { float16ToFloat32 } from '../formats/half.ts'
import type { Head } from '../models/architecture.ts'
import { logitOf, type HeadRows } from '../models/head-rows.ts'
import { floatData } from '../runtime/session.ts'
import { ownTurn, type Turn } from '../runtime/turns.ts'
import { firstSymbolsOf, type Speller } from '../spelling/speller.ts'
import type { RecordedDoubts } from '../spellm/doubts.ts'
import type { SymbolTailSession } from '../spellm/symbol-tail-session.ts'

/** A tail with token symbols in training, and what its first scores are completed with. */
export interface MeasuredTail {
  readonly tail: SymbolTailSession
  readonly speller: Speller
  /** Of the base model's LM head. */
  readonly rows: HeadRows
  readonly head: Head
  readonly hiddenSize: number
  /** c. */
  readonly contextSymbols: number
  readonly tokenize: (text: string) => number[]
}

/** How well a tail knows the answers of its base model. */
export interface AnswerMeasurement {
  readonly agreement: Agreement
  readonly doubts: RecordedDoubts
}

/**
 * Goes along greedy answers that the base model wrote, and looks at what the tail would write at each position: by its exact
 * scores, by trie mode and by free mode.
 *
 * @param cache of a text that the model wrote, see `fillOwnText`
 * @param options.maxPositions about so many at the most, in whole sequences; default: all
 * @throws CancelledError when the signal fires
 */
export async function measureAnswers(
  measured: MeasuredTail,
  cache: TeacherCache,
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
  const { tail, hiddenSize: d } = measured
  const open = answerReader(measured)
  const found = { lengths: [] as number[], doubts: [] as number[], isRight: [] as number[] }
  let trie = 0
  let free = 0
  for (let chunk = 0; chunk < cache.chunks; chunk++) {
    const { hidden, choices, ids, starts, inAnswer } = await readChunk(cache, chunk)
    if (!ids || !starts || !inAnswer) throw new TypeError('a cache of a text that the model did not write')
    const { tokens } = cache.shape
    for (let from = 0; from < choices.length && found.doubts.length < maxPositions; from += tokens) {
      if (signal?.aborted) throw new CancelledError()
      const states = float16ToFloat32(hidden.subarray(from * d, (from + tokens) * d))
      const scores = await turn(() => tail.scores(states, true))
      const width = scores.first.length / tokens
      const spelledWidth = (scores.spelled?.length ?? 0) / tokens
      let reader = open()
      let text: number[] = []
      for (let row = 0; row < tokens; row++) {
        const at = from + row
        if (starts[at] === at) {
          reader = open()
          text = []
        }
        text.push(ids[at]!)
        if (!inAnswer[at]) continue
        const state = {
          hidden: states.subarray(row * d, (row + 1) * d),
          first: scores.first.subarray(row * width, (row + 1) * width),
          spelled: scores.spelled?.subarray(row * spelledWidth, (row + 1) * spelledWidth) ?? null,
        }
        const picks = await reader.picks(state, text)
        const choice = choices[at]
        if (row === 0 || !inAnswer[at - 1] || starts[at] === at) found.lengths.push(0)
        found.lengths[found.lengths.length - 1]!++
        found.doubts.push(picks.doubt)
        found.isRight.push(Number(picks.exact === choice))
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
    },
  }
}

/** A state and what a tail that doesn't know the context says of it. */
interface State {
  readonly hidden: Float32Array
  readonly first: Float32Array
  readonly spelled: Float32Array | null
}

/** Reads along one text. */
function answerReader(measured: MeasuredTail) {
  const { speller, rows, hiddenSize, contextSymbols, tokenize } = measured
  const firstSymbols = firstSymbolsOf(speller)
  const first = createFirstScores(speller)
  return () => {
    const context = createContextSymbols(rows, firstSymbols, { hiddenSize, most: contextSymbols })
    const picker = createPicker(null)
    const trie = symbolTrieChooser({ first, context, picker, rows }, defaultCandidates)
    const free = symbolFreeChooser({ first, context, picker }, tokenize, null)
    return {
      picks: async ({ hidden, first: own, spelled }: State, text: readonly number[]) => {
        const firstScores = withContext(measured, context, { hidden, first: own }, text)
        const state = { hidden, firstScores, ...(spelled ? { spelled } : {}) }
        const { token, doubt } = first.choose(firstScores, context, picker, text.length)
        return {
          exact: token,
          doubt,
          trie: (await trie.choose(state, text))[0],
          free: (await free.choose(state, text))[0],
        }
      },
    }
  }
}

/** First scores with the context's, as a trunk's pass computes them. */
function withContext(
  { head, hiddenSize: d }: Pick<MeasuredTail, 'head' | 'hiddenSize'>,
  context: ContextSymbols,
  { hidden, first }: Pick<State, 'hidden' | 'first'>,
  text: readonly number[],
): Float32Array {
  const rows = floatData(context.follow(text, []))
  const scores = new Float32Array(first.length + context.count)
  scores.set(first)
  for (let slot = 0; slot < context.count; slot++) {
    let sum = 0
    for (let i = 0; i < d; i++) sum += hidden[i]! * rows[slot * d + i]!
    scores[first.length + slot] = logitOf(sum, head)
  }
  return scores
}

/** trie mode by a tail that is not part of a trunk's pass. */
export function measuringChooser(measured: MeasuredTail): Chooser {
  const { speller, rows, hiddenSize, contextSymbols, tail } = measured
  const first = createFirstScores(speller)
  const context = createContextSymbols(rows, firstSymbolsOf(speller), { hiddenSize, most: contextSymbols })
  const trie = symbolTrieChooser({ first, context, picker: createPicker(null), rows }, defaultCandidates)
  return {
    ending: 'none',
    choose: async (state, text) => {
      const { first: own, spelled } = await tail.scores(state.hidden, true)
      const firstScores = withContext(measured, context, { hidden: state.hidden, first: own }, text)
      return trie.choose({ ...state, firstScores, ...(spelled ? { spelled } : {}) }, text)
    },
  }
}
