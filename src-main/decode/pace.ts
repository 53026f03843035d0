import type { PassCosts } from './replay.ts'

/** Watches whether a text that a SpeLLM drafts is written sooner than the base model would write it. */
export interface Pace {
  /** One more pass of the trunk, with the tail, and the draft after it took so long, in milliseconds. */
  stepped(pass: number, draft: number): void
  /** The base model's head looked at `rows` states, which confirmed some tokens. @returns whether continuing pays */
  isWorthwhile(confirmed: number, rows: number, milliseconds: number): boolean
}

/** Confirmed tokens from which on there is a judgement, and beyond which the earlier ones count half. */
const leastTokens = 64
const forgottenAfter = 256
/** A text may be this much slower than the base model before that is reported: clocks of busy machines vary. */
const tolerance = 1.03

const nothing = {
  verifications: 0,
  confirmed: 0,
  steps: 0,
  lost: 0,
  lostSquares: 0,
  stepMilliseconds: 0,
  draftMilliseconds: 0,
  headMilliseconds: 0,
  expectedHead: 0,
}

/**
 * What the base model would take is estimated from the text's own passes, since a longer text takes longer: a step without the
 * tail's share, or without the drafts where these take longer than that (penalties have more to look through), and the head over one state. Both measured costs count as much more as the head takes longer now than it
 * did when it was measured, so that a machine that has become busy doesn't look like a SpeLLM that doesn't pay.
 *
 * A wrong token loses all passes that were drafted after it, so a few of them say little. As many lost passes are forgiven as
 * their sum may be off by, by chance: its standard deviation, computed from what each verification lost. Without, an eighth of
 * SmolLM2's answers were left to the base model, which cost a tenth of what is gained in int8.
 *
 * @param costs as they were measured, milliseconds
 * @param onSlow called once, when it no longer pays: milliseconds a token, and what the base model would take
 */
export function createPace(costs: PassCosts, onSlow: (milliseconds: number, base: number) => void): Pace {
  let since = nothing
  let sum = nothing
  let isSlow = false
  const judge = () => {
    const own = (sum.stepMilliseconds + sum.headMilliseconds) / sum.confirmed
    const busy = sum.headMilliseconds / sum.expectedHead
    const drafting = Math.max(busy * costs.tail, sum.draftMilliseconds / sum.steps)
    const base = sum.stepMilliseconds / sum.steps + busy * costs.head(1) - drafting
    const byChance = Math.sqrt(Math.max(0, sum.lostSquares - sum.lost ** 2 / sum.verifications))
    isSlow = own > (tolerance + byChance / sum.confirmed) * base
    if (isSlow) onSlow(own, base)
  }
  return {
    stepped: (pass, draft) => {
      const { steps, stepMilliseconds, draftMilliseconds } = since
      since = {
        ...since,
        steps: steps + 1,
        stepMilliseconds: stepMilliseconds + pass + draft,
        draftMilliseconds: draftMilliseconds + draft,
      }
    },
    isWorthwhile: (confirmed, rows, milliseconds) => {
      // What follows the prompt took no step of its own.
      if (isSlow || since.steps === 0) return !isSlow
      const kept = sum.confirmed > forgottenAfter ? 0.5 : 1
      const lost = Math.max(0, since.steps - confirmed)
      sum = {
        confirmed: kept * sum.confirmed + confirmed,
        steps: kept * sum.steps + since.steps,
        verifications: kept * sum.verifications + 1,
        lost: kept * sum.lost + lost,
        lostSquares: kept * sum.lostSquares + lost ** 2,
        stepMilliseconds: kept * sum.stepMilliseconds + since.stepMilliseconds,
        draftMilliseconds: kept * sum.draftMilliseconds + since.draftMilliseconds,
        headMilliseconds: kept * sum.headMilliseconds + milliseconds,
        expectedHead: kept * sum.expectedHead + costs.head(rows),
      }
      since = nothing
      if (sum.confirmed >= leastTokens) judge()
      return !isSlow
    },
  }
}
