import { invalid, type JsonPath } from './json-path.ts'

/** How many times its length a text may become by normalisation: NFKC's worst case is 18 (U+FDFA). */
export const maxGrowth = 18
const spareLength = 1_000

/**
 * Refuses a step that makes a book of a word, before the next step makes a library of it.
 *
 * @throws SpellmError 'file-invalid'
 */
export function requireModestGrowth(from: number, to: number, place: JsonPath): void {
  if (to > spareLength + maxGrowth * from)
    throw invalid(place, `it makes more than ${to - 1} characters of ${from}`)
}
