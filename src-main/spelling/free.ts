import { endSymbol, spelledBytes } from './alphabet.ts'
import type { Speller } from './speller.ts'
import { findNode, onlyTokenBelow } from './trie.ts'

/** What the heads spelled, in free decoding. */
export type LookUp =
  /** The spelling of this token. */
  | { readonly kind: 'token'; readonly token: number }
  /** Not a token's spelling, but how the spelling of this token alone begins. */
  | { readonly kind: 'completed'; readonly token: number }
  /** Neither: the bytes that are spelled, for the caller to tokenise; none where END came first. */
  | { readonly kind: 'none'; readonly bytes: Uint8Array }

/**
 * The token that the heads' choices stand for.
 *
 * The string ends at the first END. A special token's symbol in the first place is that token, whatever
 * follows. In a later place it ends the string as END does: the text before it comes first, and the next
 * step can choose the special token again.
 *
 * @param symbols each head's most probable symbol, [k]
 */
export function lookUp(speller: Speller, symbols: ArrayLike<number>): LookUp {
  const { alphabet, k, trie } = speller
  if (symbols.length !== k) throw new RangeError(`${symbols.length} symbols for ${k} heads`)
  const end = endSymbol(alphabet)
  if (symbols[0]! > end) {
    const token = alphabet.specialTokens[symbols[0]! - end - 1]
    // OTHER spells nothing.
    return token === undefined ? { kind: 'none', bytes: new Uint8Array(0) } : { kind: 'token', token }
  }

  let length = 0
  while (length < k && symbols[length]! < end) length++
  const node = length === 0 ? -1 : findNode(trie, symbols, length)
  if (node >= 0) {
    const exact = trie.token[node]!
    if (exact >= 0) return { kind: 'token', token: exact }
    const completed = onlyTokenBelow(trie, node)
    if (completed >= 0) return { kind: 'completed', token: completed }
  }
  return { kind: 'none', bytes: spelledBytes(alphabet, symbols, length) }
}
