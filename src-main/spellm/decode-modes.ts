/** The decode modes of a SpeLLM (docs/decode-modes.md). */
export const decodeModes = ['lossless', 'gated', 'trie', 'free'] as const
export type DecodeMode = (typeof decodeModes)[number]

/** Names that modes had before, and the mode that each is now. */
export const formerModes = { shortlist: 'trie' } as const satisfies Record<string, DecodeMode>

/** A mode by its name of today or of earlier. */
export const modeNames = [...decodeModes, ...(Object.keys(formerModes) as (keyof typeof formerModes)[])]
export type ModeName = (typeof modeNames)[number]

/** The mode that a name stands for. */
export function modeOf(name: ModeName): DecodeMode {
  return name in formerModes ? formerModes[name as keyof typeof formerModes] : (name as DecodeMode)
}

/** What to tell somebody who used a name of earlier; null: it is today's. */
export function noteOnMode(name: string): string | null {
  if (!(name in formerModes)) return null
  return `'${name}' is called '${formerModes[name as keyof typeof formerModes]}' now, with the same candidates (--candidates, 8 unless set otherwise).`
}
