import type { RecordedDoubts } from '../spellm/doubts.ts'
import type { Gate } from '../spellm/gates.ts'

/** What a token of a text took, on average. */
export interface Replay {
  readonly trunkPasses: number
  readonly headPasses: number
  /** States that a pass over the head looked at. */
  readonly rowsPerHeadPass: number
}

/** What is known without a replay. */
const nothing: Replay = { trunkPasses: 0, headPasses: 0, rowsPerHeadPass: 0 }

/**
 * Lossless mode on recorded texts: a token is written without the base model where the doubt is below `threshold`, fewer than
 * `steps` states are pending and the text doesn't end; a wrong one costs the passes after it.
 *
 * @param steps n, from 1
 */
export function simulate(
  { lengths, doubts, isRight }: RecordedDoubts,
  threshold: number,
  steps: number,
): Replay {
  if (doubts.length === 0) return nothing
  let trunk = 0
  let head = 0
  let rows = 0
  let start = 0
  for (const length of lengths) {
    const end = start + length
    let first = start
    while (first < end) {
      let last = first
      let wrong = -1
      while (doubts[last]! < threshold && last - first < steps - 1 && last < end - 1) {
        if (wrong < 0 && isRight[last] === 0) wrong = last
        last++
      }
      trunk += last - first + 1
      rows += last - first + 1
      head++
      first = (wrong < 0 ? last : wrong) + 1
    }
    start = end
  }
  return {
    trunkPasses: trunk / doubts.length,
    headPasses: head / doubts.length,
    rowsPerHeadPass: rows / head,
  }
}

/** What passes take on a machine, in milliseconds. */
export interface PassCosts {
  /** A token by the trunk alone. */
  readonly trunk: number
  /** What the tail adds to it. */
  readonly tail: number
  /** Milliseconds of the base model's head over a number of states at once. */
  readonly head: (rows: number) => number
}

/** Milliseconds a token of lossless mode: what a replay took, at a machine's costs. */
export function replayedMilliseconds(
  { trunkPasses, headPasses, rowsPerHeadPass }: Replay,
  costs: PassCosts,
): number {
  return trunkPasses * (costs.trunk + costs.tail) + headPasses * costs.head(rowsPerHeadPass)
}

/** How lossless mode is set, and what that is expected to come to. */
export interface LosslessSettings {
  /** τ: from this doubt on, the base model is asked. */
  readonly threshold: number
  /** n: maximum number of states that one verification looks at. */
  readonly steps: number
  readonly msPerToken: number
  /** The base model's milliseconds a token over these. */
  readonly speedup: number
}

/** n that are tried. */
const triedSteps = [4, 8, 12, 16, 20, 24, 28, 32] as const
/** Shares of positions in doubt that are tried: from 0.4 to 50 %, each an eighth more. */
const triedShares = Array.from({ length: 42 }, (_, i) => 0.004 * 1.125 ** i)

/**
 * Settings that take so much more than the least time are as good, if that is no more than a small part of what is gained: costs
 * are not known any better, and what the head isn't read for is left to whatever else wants the memory. But no more
 * than this many passes of the trunk are made for it.
 */
const aboutTheSame = 1.015
const sparedGain = 1 / 4
const mostTrunkPasses = 1.03

/**
 * The threshold and n that take about the least time on recorded texts, for the costs of a machine, and read the head least
 * often.
 *
 * @param limits.mostSteps maximum of n; from 1
 * @param limits.baseToken base mode's milliseconds a token by its own head; default: by the one that verifies
 * @throws RangeError without a recorded position
 */
export function chooseSettings(
  recorded: RecordedDoubts,
  costs: PassCosts,
  {
    mostSteps = triedSteps.at(-1)!,
    baseToken,
  }: { readonly mostSteps?: number; readonly baseToken?: number } = {},
): LosslessSettings {
  if (recorded.doubts.length === 0) throw new RangeError('nothing was recorded')
  const base = costs.trunk + costs.head(1)
  const sorted = recorded.doubts.toSorted()
  const allowed = [...new Set(triedSteps.map((steps) => Math.min(steps, Math.max(1, mostSteps))))]
  const tried = triedShares
    .map((share) => quantile(sorted, 1 - share))
    .flatMap((threshold) =>
      allowed.map((steps) => {
        const replay = simulate(recorded, threshold, steps)
        return { threshold, steps, replay, msPerToken: replayedMilliseconds(replay, costs) }
      }),
    )
  const fastest = tried.reduce((a, b) => (b.msPerToken < a.msPerToken ? b : a))
  const least = fastest.msPerToken
  const mostTrunk = Math.max(mostTrunkPasses, fastest.replay.trunkPasses)
  // What pays must not be given up for it.
  const gained = Math.max(0, (baseToken ?? base) - least)
  const most = Math.max(least, Math.min(aboutTheSame * least, least + sparedGain * gained, base))
  const { threshold, steps, msPerToken } = tried
    .filter((settings) => settings.msPerToken <= most && settings.replay.trunkPasses <= mostTrunk)
    .reduce((a, b) => (b.replay.headPasses < a.replay.headPasses ? b : a))
  return { threshold, steps, msPerToken, speedup: base / msPerToken }
}

/** The shares of positions that gates are found for. */
const doubtShares = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2] as const

/** A gate of doubt, and how often it leaves the base model's choice. */
export interface DoubtGate extends Gate {
  /** Share of the base model's choices: all in doubt are, of the others those that were right. */
  readonly agreement: number
}

/** Thresholds of gated mode, by rising share. */
export function gatesOf(recorded: RecordedDoubts): DoubtGate[] {
  return doubtShares.map((share) => gateOf(recorded, share))
}

/**
 * The threshold that `share` of the recorded positions are at or beyond.
 *
 * @param share 0 to 1
 */
export function gateOf({ doubts, isRight }: RecordedDoubts, share: number): DoubtGate {
  const threshold = quantile(doubts.toSorted(), 1 - share)
  let right = 0
  for (let i = 0; i < doubts.length; i++) if (doubts[i]! >= threshold || isRight[i] === 1) right++
  return { share, threshold, agreement: doubts.length === 0 ? 0 : right / doubts.length }
}

/** The first of sorted numbers that `share` of them are below; Infinity: all of them are. */
function quantile(sorted: Float32Array, share: number): number {
  return sorted[Math.round(share * sorted.length)] ?? Infinity
}
