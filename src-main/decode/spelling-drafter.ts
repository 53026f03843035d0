import type { HeadRows } from '../models/head-rows.ts'
import { createTrieSearch } from '../spelling/trie-search.ts'
import type { TailSession } from '../spellm/tail-session.ts'
import type { Drafter } from './drafter.ts'
import { marginOf } from './gated.ts'
import { createPicker, type Picker } from './picker.ts'
import { scoredUnits } from './shortlist.ts'

/** Candidates of a draft. */
const candidates = 8

/**
 * Drafts with a tail that spells every token: the best of its best spellings by their own rows of the LM head, a word with
 * what follows in it.
 *
 * @param parts.threshold where the best spelling leads by less, the base model is asked
 * @param parts.picker the one that verifies; default: the largest logit is picked
 */
export function spellingDrafter({
  tail,
  rows,
  threshold,
  picker = createPicker(null),
}: {
  readonly tail: TailSession
  readonly rows: Pick<HeadRows, 'logits'>
  readonly threshold: number
  readonly picker?: Picker
}): Drafter {
  const search = createTrieSearch(tail.speller)
  const asked = { candidates, processor: picker }
  return {
    outputHead: tail.outputHead,
    draft: async (state, place) => {
      const { best, units, firstTokens, logits } = await scoredUnits(tail, rows, search, state, asked)
      const { index } = picker.pick(logits, Int32Array.from(firstTokens), place)
      return { tokens: units[index] ?? [], isSure: marginOf(best) >= threshold }
    },
  }
}
