import { clusteredShare, type Cluster, type Share } from './clustered-share.ts'
import type { TeacherForcedMode } from './mode-agreement.ts'

/** How a SpeLLM of words does, each position on its own. */
export interface WordExactness {
  /**
   * Positions that were looked at: those where the text tells, for each mode, whether all tokens of its pick are the
   * base model's. Where the base model leaves the text before a pick ends, what it would write next is not known.
   */
  readonly positions: number
  /** For each mode, the share of them where all tokens of its pick are the base model's. */
  readonly exactness: Readonly<Partial<Record<TeacherForcedMode, Share>>>
  /** For each mode, the mean number of tokens of its picks there. */
  readonly tokensPerStep: Readonly<Partial<Record<TeacherForcedMode, number>>>
}

/** Whether all tokens of a pick are the base model's; undefined where its continuation is not known far enough. */
function agreesThroughout(pick: readonly number[], continuation: readonly number[]): boolean | undefined {
  const wrong = pick.findIndex((token, i) => i < continuation.length && token !== continuation[i])
  if (wrong >= 0) return false
  return pick.length <= continuation.length ? true : undefined
}

/** Collects what each mode picks at each position, then tells how exact it is. */
export function createWordMeter(modes: readonly TeacherForcedMode[]) {
  const windows = new Map<number, Cluster[]>()
  const tokens = modes.map(() => 0)
  let positions = 0
  return {
    /**
     * @param picks the tokens that each of the modes picks
     * @param continuation what the base model writes there, as far as it is known
     */
    add: (window: number, picks: readonly (readonly number[])[], continuation: readonly number[]) => {
      const exact = picks.map((pick) => agreesThroughout(pick, continuation))
      if (exact.includes(undefined)) return
      const before = windows.get(window) ?? modes.map(() => ({ sum: 0, count: 0 }))
      windows.set(
        window,
        before.map(({ sum, count }, i) => ({ sum: sum + Number(exact[i]), count: count + 1 })),
      )
      picks.forEach((pick, i) => (tokens[i]! += pick.length))
      positions++
    },
    result: (): WordExactness => ({
      positions,
      exactness: Object.fromEntries(
        modes.map((mode, i) => [mode, clusteredShare(Array.from(windows.values(), (of) => of[i]!))]),
      ),
      tokensPerStep: Object.fromEntries(modes.map((mode, i) => [mode, tokens[i]! / positions])),
    }),
  }
}
