import { z } from 'zod'

/** How a SpeLLM picks tokens. */
export const spellmModes = ['lossless', 'gated', 'trie', 'free'] as const
export type SpellmMode = (typeof spellmModes)[number]

/** Names that modes had before, and what each is now: what was kept or written then still opens. */
const formerModes = { shortlist: 'trie' } as const satisfies Record<string, SpellmMode>

const namesOf = <Mode extends string>(modes: readonly Mode[]) =>
  z
    .enum([...modes, 'shortlist'] as const)
    .transform((name): Exclude<Mode | SpellmMode, 'shortlist'> =>
      name === 'shortlist' ? formerModes.shortlist : (name as Exclude<Mode, 'shortlist'>),
    )

export const spellmModeSchema = namesOf(spellmModes)
/** A mode of a SpeLLM or the base model's. */
export const anyModeSchema = namesOf(['base', ...spellmModes])
