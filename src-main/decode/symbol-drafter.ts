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
    outputHead: 'first',
    contextRows: (read, unread) => context.follow(read, unread),
    draft: async (state, place) => {
      const { scores, exact } = await first.look(state, context)
      const { token, doubt } = first.choose(scores, exact, picker, place)
      return { tokens: token < 0 ? [] : [token], isSure: doubt < threshold }
    },
  }
}
