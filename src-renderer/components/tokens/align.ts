/** One column of two aligned sequences: what either has there, and whether it is the same. */
export interface AlignedPair<T> {
  readonly base: T | null
  readonly spellm: T | null
  readonly isSame: boolean
}

/** Beyond this many comparisons, what is between common beginning and end is paired in order. */
const maxComparisons = 4_000_000

/**
 * Two sequences side by side, so that as many columns as possible are the same (longest common
 * subsequence). What is between is paired in order.
 */
export function align<T>(base: readonly T[], spellm: readonly T[]): AlignedPair<T>[] {
  const shorter = Math.min(base.length, spellm.length)
  let prefix = 0
  while (prefix < shorter && base[prefix] === spellm[prefix]) prefix++
  let suffix = 0
  while (suffix < shorter - prefix && base.at(-1 - suffix) === spellm.at(-1 - suffix)) suffix++
  const matches = [
    ...indices(prefix).map((i): Match => [i, i]),
    ...commonSubsequence(
      base.slice(prefix, base.length - suffix),
      spellm.slice(prefix, spellm.length - suffix),
    ).map(([i, j]): Match => [prefix + i, prefix + j]),
    ...indices(suffix).map((i): Match => [base.length - suffix + i, spellm.length - suffix + i]),
    [base.length, spellm.length] satisfies Match,
  ]
  const pairs: AlignedPair<T>[] = []
  let [i, j] = [0, 0]
  for (const [matchedBase, matchedSpellm] of matches) {
    while (i < matchedBase || j < matchedSpellm) {
      pairs.push({
        base: i < matchedBase ? base[i++]! : null,
        spellm: j < matchedSpellm ? spellm[j++]! : null,
        isSame: false,
      })
    }
    if (matchedBase < base.length) pairs.push({ base: base[i++]!, spellm: spellm[j++]!, isSame: true })
  }
  return pairs
}

/** Which elements of either sequence have no partner in the other, in `align`'s alignment. */
export function differences<T>(
  base: readonly T[],
  spellm: readonly T[],
): { base: boolean[]; spellm: boolean[] } {
  const pairs = align(base, spellm)
  return {
    base: pairs.filter((pair) => pair.base !== null).map(({ isSame }) => !isSame),
    spellm: pairs.filter((pair) => pair.spellm !== null).map(({ isSame }) => !isSame),
  }
}

/** Positions in the two sequences whose elements are the same. */
type Match = readonly [base: number, spellm: number]

const indices = (length: number) => Array.from({ length }, (_, i) => i)

function commonSubsequence<T>(a: readonly T[], b: readonly T[]): Match[] {
  if (a.length * b.length > maxComparisons) return []
  const width = b.length + 1
  /** `longest[i * width + j]`: length of the longest common subsequence of a from i and b from j. */
  const longest = new Uint16Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      longest[i * width + j] =
        a[i] === b[j]
          ? longest[(i + 1) * width + j + 1]! + 1
          : Math.max(longest[(i + 1) * width + j]!, longest[i * width + j + 1]!)
  const matches: Match[] = []
  for (let [i, j] = [0, 0]; i < a.length && j < b.length;) {
    if (a[i] === b[j]) matches.push([i++, j++])
    else if (longest[(i + 1) * width + j]! >= longest[i * width + j + 1]!) i++
    else j++
  }
  return matches
}
