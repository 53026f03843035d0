import { setImmediate } from 'node:timers/promises'
import { thresholdOf, type Gate } from '../decode/calibrate-gate.ts'
import { freeToken } from '../decode/chooser.ts'
import { leadOf } from '../decode/gated.ts'
import { largestIndex } from '../decode/sampling.ts'
import type { TailSession } from '../decode/tail-session.ts'
import { readChunk, type TeacherCache } from '../distill/teacher-cache.ts'
import { CancelledError } from '../errors.ts'
import { float16ToFloat32 } from '../formats/half.ts'
import type { HeadRows } from '../models/head-rows.ts'
import { alphabetSize } from '../spelling/alphabet.ts'
import { bestTokens, createTrieSearch } from '../spelling/trie-search.ts'

/** A share of positions with its 95 % confidence interval. */
export interface Share {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** Shares of positions where each decode mode picks what the base model picks, each position on its own. */
export interface ModeAgreement {
  readonly positions: number
  readonly trie: Share
  readonly free: Share
  readonly shortlist: Share & { readonly candidates: number }
  /** Null: the SpeLLM has no thresholds. */
  readonly gated: (Share & { readonly baseShare: number }) | null
}

const rowsAtOnce = 256
const modes = ['trie', 'free', 'shortlist', 'gated'] as const

/**
 * Compares the decode modes with the cached choices of the base model.
 *
 * @param tokenize the ids of a text, for strings that free decoding can't look up
 * @throws CancelledError when the signal fires
 */
export async function measureModeAgreement(
  tail: TailSession,
  rows: HeadRows,
  cache: TeacherCache,
  tokenize: (text: string) => number[],
  {
    candidates,
    gates,
    gateShare,
    onProgress,
    signal,
  }: {
    /** The n of shortlist(n). */
    readonly candidates: number
    readonly gates: readonly Gate[]
    readonly gateShare: number
    readonly onProgress?: (positions: number) => void
    readonly signal?: AbortSignal | undefined
  },
): Promise<ModeAgreement> {
  const { speller } = tail
  const size = alphabetSize(speller.alphabet)
  const { hiddenSize: d, tokens: windowTokens } = cache.shape
  const search = createTrieSearch(speller)
  const threshold = thresholdOf(gates, gateShare)
  /** Of each mode, how many positions of each window agree. */
  const agreeing = Object.fromEntries(modes.map((mode) => [mode, [] as number[]])) as Record<
    (typeof modes)[number],
    number[]
  >
  let positions = 0
  let baseSteps = 0
  for (let chunk = 0; chunk < cache.chunks; chunk++) {
    const { hidden, choices } = await readChunk(cache, chunk)
    for (let start = 0; start < choices.length; start += rowsAtOnce) {
      if (signal?.aborted) throw new CancelledError()
      const count = Math.min(rowsAtOnce, choices.length - start)
      const states = float16ToFloat32(hidden.subarray(start * d, (start + count) * d))
      const scores = await tail.logProbabilities(states)
      for (let row = 0; row < count; row++, positions++) {
        const window = Math.floor(positions / windowTokens)
        for (const mode of modes) agreeing[mode][window] ??= 0
        const own = scores.subarray(row * speller.k * size, (row + 1) * speller.k * size)
        const choice = choices[start + row]!
        const best = bestTokens(search, own, Math.max(2, candidates))
        const [first] = best
        const listed = best.slice(0, candidates).map(({ token }) => token)
        const logits = rows.logits(states.subarray(row * d, (row + 1) * d), listed)
        const symbols = Int32Array.from({ length: speller.k }, (_, head) =>
          largestIndex(own, head * size, (head + 1) * size),
        )
        const asksBase = threshold !== null && leadOf(best) < threshold
        if (asksBase) baseSteps++
        const picks = {
          trie: first!.token,
          free: freeToken(speller, symbols, tokenize) ?? first!.token,
          shortlist: listed[largestIndex(logits)]!,
          gated: asksBase ? choice : first!.token,
        }
        for (const mode of modes) if (picks[mode] === choice) agreeing[mode][window]!++
      }
      onProgress?.(positions)
      await setImmediate()
    }
  }
  const share = (mode: (typeof modes)[number]) => clusteredShare(agreeing[mode], positions, windowTokens)
  return {
    positions,
    trie: share('trie'),
    free: share('free'),
    shortlist: { ...share('shortlist'), candidates },
    gated: threshold === null ? null : { ...share('gated'), baseShare: baseSteps / positions },
  }
}

/**
 * A share of positions with its confidence interval. Positions of one window depend on one another, so the
 * windows are what is counted as drawn at random: the variance of a ratio estimator over clusters of equal size
 * (Cochran 1977, section 9.3), s² of the windows' own shares over their number; 1.96 standard errors each way.
 *
 * @param agreeing of each window, how many of its positions agree
 */
export function clusteredShare(agreeing: readonly number[], positions: number, windowTokens: number): Share {
  const value = agreeing.reduce((a, b) => a + b, 0) / positions
  const windows = agreeing.length
  if (windows < 2) return { value, low: 0, high: 1 }
  const deviations = agreeing.map((count, window) => {
    const length = Math.min(windowTokens, positions - window * windowTokens)
    return (count / length - value) ** 2
  })
  const variance = deviations.reduce((a, b) => a + b, 0) / (windows - 1) / windows
  const margin = 1.96 * Math.sqrt(variance)
  return { value, low: Math.max(0, value - margin), high: Math.min(1, value + margin) }
}
