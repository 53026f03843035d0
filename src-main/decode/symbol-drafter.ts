import type { LastState } from '../models/trunk-session.ts'
import type { ContextSymbols } from './context-symbols.ts'
import type { Drafter } from './drafter.ts'
import type { FirstScores } from './first-choice.ts'
import type { Picker } from './picker.ts'

/**
 * Drafts from exact scores alone, those of token symbols and context symbols: heads 2 to k aren't read.
 *
 * @param parts.threshold τ: from this doubt on, the base model is asked
 * @param parts.picker the one that verifies, so that a draft is what it would pick
 */
export function symbolDrafter({
  first,
  context,
  picker,
  threshold,
}: {
  readonly first: FirstScores
  readonly context: ContextSymbols
  readonly picker: Picker
  readonly threshold: number
}): Drafter {
  return {
    ending: 'first',
    contextRows: (read, unread) => context.follow(read, unread),
    draft: (state, place) => {
      const { token, doubt } = first.choose(firstScoresOf(state), context, picker, place)
      return Promise.resolve({ tokens: token < 0 ? [] : [token], isSure: doubt < threshold })
    },
  }
}

/** A state's first scores. Throws TypeError where the trunk has no tail with token symbols. */
export function firstScoresOf({ firstScores }: LastState): Float32Array {
  if (!firstScores) throw new TypeError('a trunk without a tail with token symbols')
  return firstScores
}
