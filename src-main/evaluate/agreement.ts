import { setImmediate } from 'node:timers/promises'
import type { TailSession } from '../spellm/tail-session.ts'
import { readChunk, type TeacherCache } from '../distill/teacher-cache.ts'
import { CancelledError } from '../base/errors.ts'
import { float16ToFloat32 } from '../formats/half.ts'
import { ownTurn, type Turn } from '../runtime/turns.ts'
import { alphabetSize } from '../spelling/alphabet.ts'
import { tokensOf } from '../spelling/speller.ts'
import { createTrieSearch } from '../spelling/trie-search.ts'
import { greedyPicks } from './greedy-predictions.ts'

/** Shares of positions where the SpeLLM picks the token that the base model picks, greedily; of a word its first. */
export interface Agreement {
  readonly trie: number
  readonly free: number
  readonly positions: number
}

const rowsAtOnce = 256

/**
 * Compares a tail with the cached choices of its base model, for each position on its own (teacher-forced).
 *
 * @param tokenize the ids of a text, for strings that free decoding can't look up
 * @param maxPositions only the first ones; default all
 * @throws CancelledError when the signal fires
 */
export async function measureAgreement(
  tail: TailSession,
  cache: TeacherCache,
  tokenize: (text: string) => number[],
  {
    maxPositions = Infinity,
    signal,
    turn = ownTurn,
  }: {
    readonly maxPositions?: number
    readonly signal?: AbortSignal
    /** Shares the engine's thread: each pass of the tail computes in a turn of its own. */
    readonly turn?: Turn
  } = {},
): Promise<Agreement> {
  const { speller } = tail
  const size = alphabetSize(speller.alphabet)
  const d = cache.shape.hiddenSize
  const search = createTrieSearch(speller)
  let positions = 0
  let trie = 0
  let free = 0
  for (let chunk = 0; chunk < cache.chunks && positions < maxPositions; chunk++) {
    const { hidden, choices } = await readChunk(cache, chunk)
    const count = Math.min(choices.length, maxPositions - positions)
    for (let start = 0; start < count; start += rowsAtOnce) {
      if (signal?.aborted) throw new CancelledError()
      const rows = Math.min(rowsAtOnce, count - start)
      const states = float16ToFloat32(hidden.subarray(start * d, (start + rows) * d))
      const scores = await turn(() => tail.logProbabilities(states))
      for (let row = 0; row < rows; row++) {
        const own = scores.subarray(row * speller.k * size, (row + 1) * speller.k * size)
        const { best, free: freePick } = greedyPicks(search, own, 1, tokenize)
        const choice = choices[start + row]
        if (tokensOf(speller, best[0]!.token)[0] === choice) trie++
        if (tokensOf(speller, freePick)[0] === choice) free++
      }
      await setImmediate()
    }
    positions += count
  }
  return { trie: trie / positions, free: free / positions, positions }
}
