/** Which alphabet a person chose, as the editor shows it; the contract has it in one string. */
export type AlphabetChoice =
  /** The characters that the text needs most; null: as many as the engine thinks fit. */
  | { readonly kind: 'auto'; readonly limit: number | null }
  | { readonly kind: 'ascii' | 'latin1' | 'bytes' }
  /** Number of the tokenizer's own pieces in addition to the bytes; null: as many as the engine thinks fit. */
  | { readonly kind: 'pieces'; readonly count: number | null }
  /** Learned groups in place of spellings: with token symbols only. */
  | { readonly kind: 'groups' }
  | { readonly kind: 'custom'; readonly characters: string }

export type AlphabetKind = AlphabetChoice['kind']

/** The largest `auto:N`: alphabets are numbered in 16 bits. */
export const maxAutomaticLimit = 65_535

const customPrefix = 'characters:'

/** Reads what `alphabetSpecification` wrote; anything else is the automatic choice. */
export function parseAlphabetSpecification(specification: string): AlphabetChoice {
  if (
    specification === 'ascii' ||
    specification === 'latin1' ||
    specification === 'bytes' ||
    specification === 'groups'
  )
    return { kind: specification }
  if (specification.startsWith(customPrefix))
    return { kind: 'custom', characters: specification.slice(customPrefix.length) }
  const pieces = /^pieces(?::(\d+))?$/.exec(specification)
  if (pieces) return { kind: 'pieces', count: pieces[1] === undefined ? null : Number(pieces[1]) }
  const limit = /^auto:(\d+)$/.exec(specification)?.[1]
  return { kind: 'auto', limit: limit === undefined ? null : Number(limit) }
}

/** The choice as the contract has it: auto, auto:N, ascii, latin1, bytes, pieces, pieces:N, groups or characters:abc… */
export function alphabetSpecification(choice: AlphabetChoice): string {
  switch (choice.kind) {
    case 'auto':
      return choice.limit === null ? 'auto' : `auto:${choice.limit}`
    case 'pieces':
      return choice.count === null ? 'pieces' : `pieces:${choice.count}`
    case 'custom':
      return customPrefix + choice.characters
    default:
      return choice.kind
  }
}

/** How many different characters a text has. */
export function countCharacters(text: string): number {
  return new Set(text).size
}
