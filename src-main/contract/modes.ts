import { z } from 'zod'

/** How a SpeLLM picks tokens. */
export const spellmModes = ['trie', 'free', 'shortlist', 'gated', 'lossless'] as const
export const spellmModeSchema = z.enum(spellmModes)
export type SpellmMode = z.infer<typeof spellmModeSchema>
