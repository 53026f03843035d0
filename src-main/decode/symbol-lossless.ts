import { memoize } from '../base/memoize.ts'
import type { Turn } from '../runtime/turns.ts'
import { usualDraw, type RecordedDoubts, type SpellmDoubts } from '../spellm/doubts.ts'
import type { Drafter } from './drafter.ts'
import { usualSteps } from './lossless.ts'
import { passCosts, type MeasuredCosts } from './measure-costs.ts'
import { createPace } from './pace.ts'
import type { Picker } from './picker.ts'
import { mostSteps, planLossless, type CostsOf, type LosslessPlan } from './plan-lossless.ts'
import { isGreedy, type Sampling } from './sampling.ts'
import type { SpellmModes } from './spellm-modes.ts'

/** A drawn token with a larger doubt (`FirstChoice.doubt`), about 1 in 10 without cuts, is verified at once. */
export const drawnDoubt = Math.log(0.1)

/**
 * A text is drafted from this expected speedup on. Doubts of draws were recorded along texts that were learnt from: of others
 * SmolLM2's gained 0.03 to 0.045 less than was predicted.
 */
const leastSpeedup = { greedy: 1, drawn: 1.04 } as const

/** Lossless mode of a SpeLLM with token symbols whose doubts were recorded. */
export interface SymbolLossless {
  /**
   * How it is set for texts that begin with about `context` tokens; measured first where that isn't known. Null: no doubts of such
   * draws were recorded.
   */
  plan(sampling: Sampling | null, context: number, turn?: Turn): Promise<LosslessPlan | null>
  /** What a text is written with: no drafter where that wouldn't pay, which is reported to `onNotice`. */
  drafts: SpellmModes['drafts']
}

/** @param draft drafts for a text of its own, up to a doubt */
export function createSymbolLossless(
  doubts: SpellmDoubts,
  costsOf: CostsOf,
  draft: (picker: Picker, threshold: number) => Drafter,
): SymbolLossless {
  const plansFrom = (recorded: RecordedDoubts) =>
    memoize((costs: MeasuredCosts) => planLossless(recorded, costs))
  const planOf = plansFrom(doubts)
  const drawnPlanOf = doubts.drawn && doubts.drawn.doubts.length > 0 ? plansFrom(doubts.drawn) : null
  /** What was recorded is of greedy texts and of the usual draws: those from fewer tokens doubt less, and nobody knows how much. */
  const planOfKind = (sampling: Sampling | null) => {
    if (sampling === null || isGreedy(sampling)) return planOf
    const { temperature, topK, topP = 1, minP = 0 } = sampling
    const isCutMore = topK !== undefined || topP < usualDraw.topP || minP > 0
    return temperature >= usualDraw.temperature && !isCutMore ? drawnPlanOf : null
  }
  return {
    plan: async (sampling, context, turn) =>
      planOfKind(sampling)?.(await costsOf(sampling, context, turn)) ?? null,
    drafts: async (picker, { sampling, context, turn }, onNotice) => {
      const costs = await costsOf(sampling, context, turn)
      const reckoned = passCosts(costs)
      const pace = createPace(reckoned, (own, base) =>
        onNotice?.(
          `Lossless mode took ${written(own)} ms a token here, the base model would take ${written(base)}: the base model continues alone.`,
        ),
      )
      const plan = planOfKind(sampling)?.(costs)
      if (!plan)
        return {
          drafter: draft(picker, drawnDoubt),
          steps: Math.min(usualSteps, mostSteps(reckoned)),
          pace,
        }
      const { threshold, steps, speedup } = plan
      const { verifier } = costs
      if (speedup >= leastSpeedup[isGreedy(sampling) ? 'greedy' : 'drawn'])
        return { drafter: draft(picker, threshold), steps, pace, verifier }
      onNotice?.(
        speedup < 1
          ? `On this machine lossless mode would write at ${speedup.toFixed(2)} × the base model's speed: the base model writes alone.`
          : `On this machine lossless mode would gain too little on a drawn text (${speedup.toFixed(2)} ×): the base model writes alone.`,
      )
      return { drafter: null, verifier }
    },
  }
}

const written = (milliseconds: number) => milliseconds.toPrecision(3)
