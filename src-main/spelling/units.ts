import { buildPrefixTree, type PrefixTree } from './prefix-tree.ts'
import { statusOf, tokensOf, type Speller } from './speller.ts'

/** A base model's choices along a text that it reads in windows. */
export interface ReadText {
  /** The text's tokens, [n]. */
  readonly ids: Int32Array
  /** The base model's greedy choice after each, [n]. */
  readonly choices: Int32Array
  /** Windows know nothing of one another. */
  readonly windowTokens: number
}

/**
 * What the base model would write after a position, as far as its choices along the text tell, without another pass:
 * its choice there, and its next ones as long as the text continues as it would. What follows is not known.
 *
 * @param limit the most tokens wanted
 */
export function knownContinuation(
  { ids, choices, windowTokens }: ReadText,
  position: number,
  limit: number,
): number[] {
  const tokens = [choices[position]!]
  for (let at = position; tokens.length < limit; at++) {
    const next = at + 1
    if (next % windowTokens === 0 || next >= ids.length || ids[next] !== choices[at]) break
    tokens.push(choices[next]!)
  }
  return tokens
}

/** The unit that continues a text. */
export interface NextUnit {
  readonly unit: number
  /** More of the text could make it a longer one. */
  readonly isOpen: boolean
}

/** Finds units in tokens: of those that can be spelled in full, the longest that the tokens begin with. */
export function createUnitFinder(speller: Speller): (tokens: readonly number[]) => NextUnit {
  const words = Array.from(
    { length: speller.status.length - speller.vocabularySize },
    (_, word) => speller.vocabularySize + word,
  )
  const covered = words.filter((unit) => statusOf(speller, unit) === 'covered')
  const root = buildPrefixTree(covered.map((unit) => [tokensOf(speller, unit), unit]))
  return (tokens) => {
    let unit = tokens[0]!
    let node: PrefixTree | undefined = root
    for (const token of tokens) {
      node = node.children.get(token)
      if (!node) return { unit, isOpen: false }
      unit = node.value ?? unit
    }
    return { unit, isOpen: node.children.size > 0 }
  }
}

/** The most tokens of a unit. */
export function longestUnit({ words }: Speller): number {
  return words.reduce((longest, tokens) => Math.max(longest, tokens.length), 1)
}

/** The base model's next unit at each position, [n] each: see `knownContinuation` and `NextUnit`. */
export function nextUnits(
  speller: Speller,
  text: ReadText,
): { readonly units: Int32Array; readonly isOpen: Uint8Array } {
  const find = createUnitFinder(speller)
  const limit = longestUnit(speller)
  const units = new Int32Array(text.choices.length)
  const isOpen = new Uint8Array(text.choices.length)
  for (let position = 0; position < units.length; position++) {
    const next = find(knownContinuation(text, position, limit))
    units[position] = next.unit
    isOpen[position] = next.isOpen ? 1 : 0
  }
  return { units, isOpen }
}
