/** Two neighbouring tokens that become one. */
type Merge = readonly [left: string, right: string]

/** What a merge costs and brings: how often its pair occurred when it was chosen. */
export interface CountedMerge {
  readonly merge: Merge
  readonly count: number
}

interface Word {
  readonly tokens: string[]
  readonly count: number
}

interface Pair {
  readonly merge: Merge
  count: number
  readonly words: Set<Word>
}

/**
 * Byte-pair encoding (Sennrich et al., arXiv 1508.07909): again and again joins the most frequent
 * pair of neighbouring tokens within words, starting from single characters.
 *
 * Ends when `tokenCount` different new tokens exist or no pair occurs `minimumCount` times. Two
 * merges can yield the same token, so there may be more merges than tokens. Of equally frequent
 * pairs the one whose left token, then right token, comes first in code unit order wins.
 */
export function trainBytePairEncoding(
  wordCounts: ReadonlyMap<string, number>,
  tokenCount: number,
  minimumCount: number,
): CountedMerge[] {
  const pairs = new Map<string, Pair>()
  for (const [word, count] of wordCounts) countPairs(pairs, { tokens: Array.from(word), count }, 1)

  const merges: CountedMerge[] = []
  const tokens = new Set<string>()
  while (tokens.size < tokenCount) {
    const best = mostFrequent(pairs)
    if (best === undefined || best.count < minimumCount) break
    const { merge, count } = best
    merges.push({ merge, count })
    tokens.add(merge.join(''))
    for (const word of [...best.words]) {
      countPairs(pairs, word, -1)
      joinPair(word.tokens, merge)
      countPairs(pairs, word, 1)
    }
  }
  return merges
}

function countPairs(pairs: Map<string, Pair>, word: Word, sign: 1 | -1): void {
  for (let at = 0; at + 1 < word.tokens.length; at++) {
    const merge = [word.tokens[at]!, word.tokens[at + 1]!] as const
    const key = merge.join(' ')
    const pair = pairs.get(key) ?? { merge, count: 0, words: new Set() }
    pair.count += sign * word.count
    if (sign > 0) pair.words.add(word)
    else pair.words.delete(word)
    if (pair.count > 0) pairs.set(key, pair)
    else pairs.delete(key)
  }
}

function mostFrequent(pairs: ReadonlyMap<string, Pair>): Pair | undefined {
  let best: Pair | undefined
  for (const pair of pairs.values()) {
    if (best === undefined || pair.count > best.count) best = pair
    else if (pair.count === best.count && comesBefore(pair.merge, best.merge)) best = pair
  }
  return best
}

function comesBefore(one: Merge, other: Merge): boolean {
  return one[0] === other[0] ? one[1] < other[1] : one[0] < other[0]
}

function joinPair(tokens: string[], [left, right]: Merge): void {
  let kept = 0
  for (let at = 0; at < tokens.length; kept++) {
    const joins = tokens[at] === left && tokens[at + 1] === right
    tokens[kept] = joins ? left + right : tokens[at]!
    at += joins ? 2 : 1
  }
  tokens.length = kept
}
