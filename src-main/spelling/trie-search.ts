import { alphabetSize, endSymbol } from './alphabet.ts'
import { spellingOf, type Speller } from './speller.ts'
import type { Trie } from './trie.ts'

export interface ScoredToken {
  readonly token: number
  /** The total log-probability of the token's spelling. */
  readonly score: number
}

/** The scratch memory of a search over one speller. Not to be shared by searches that run at once. */
export interface TrieSearch {
  readonly speller: Speller
  /** For each position, the symbols that some spelling has there. */
  readonly symbolsAt: readonly Uint16Array[]
  /** [k + 1]: no spelling gains more from position i on than `bestRest[i]`. */
  readonly bestRest: Float64Array
  /** Nodes still to be visited, each with its depth, its score so far, and a bound on what it leads to. */
  readonly node: Int32Array
  readonly depth: Uint8Array
  readonly prefix: Float64Array
  readonly bound: Float64Array
}

/** Prepares a search over a speller: finds the bounds' symbols and allocates the scratch memory of all calls. */
export function createTrieSearch(speller: Speller): TrieSearch {
  const { trie, k } = speller
  const symbolsAt: Uint16Array[] = []
  let capacity = 1
  for (let depth = 0; depth < k; depth++) {
    const from = trie.levelStart[depth + 1] ?? 0
    const to = trie.levelStart[depth + 2] ?? from
    symbolsAt.push(Uint16Array.from(new Set(trie.symbol.subarray(from, to))).sort())
    let widest = 0
    const levelEnd = Math.min(from, trie.symbol.length)
    for (let node = trie.levelStart[depth] ?? levelEnd; node < levelEnd; node++)
      widest = Math.max(widest, trie.firstChild[node + 1]! - trie.firstChild[node]!)
    capacity += widest
  }
  return {
    speller,
    symbolsAt,
    bestRest: new Float64Array(k + 1),
    node: new Int32Array(capacity),
    depth: new Uint8Array(capacity),
    prefix: new Float64Array(capacity),
    bound: new Float64Array(capacity),
  }
}

/**
 * Fills `bestRest` from the back: at each position a spelling either ends, or continues with the best symbol
 * that any spelling has there. Throws a RangeError for NaN and +Infinity.
 */
function boundRests({ speller, symbolsAt, bestRest }: TrieSearch, logProbabilities: Float32Array): void {
  const { alphabet, k } = speller
  const size = alphabetSize(alphabet)
  const end = endSymbol(alphabet)
  let total = 0
  for (let position = k - 1; position >= 0; position--) {
    const row = position * size
    const symbols = symbolsAt[position]!
    let best = -Infinity
    for (let i = 0; i < symbols.length; i++) {
      const value = logProbabilities[row + symbols[i]!]!
      total += value
      if (value > best) best = value
    }
    const stop = logProbabilities[row + end]!
    total += stop
    bestRest[position] = Math.max(best + bestRest[position + 1]!, stop)
  }
  if (Number.isNaN(total) || total === Infinity)
    throw new RangeError('log-probabilities hold NaN or Infinity')
}

/**
 * What a bound may fall short of the score that it bounds, because both are rounded sums of up to 65
 * numbers of one sign, taken in different orders: 65 · 2^-52 of the sum, and some room. The constant
 * covers log-probabilities that rounding has lifted above 0.
 */
function roundingSlack(score: number): number {
  return Math.abs(score) * 2 ** -44 + 1e-15
}

interface Candidate {
  token: number
  score: number
}

/**
 * Inserts a token into the list of the n best, kept in order, if it belongs there; returns the score that
 * others have to reach. A full list gives its last place's object to the new token, so that nothing is allocated.
 */
function insert(best: Candidate[], n: number, token: number, score: number): number {
  let place = best.length
  while (place > 0) {
    const other = best[place - 1]!
    if (other.score > score || (other.score === score && other.token < token)) break
    place--
  }
  if (place < n) {
    const candidate = best.length < n ? { token, score } : best.pop()!
    candidate.token = token
    candidate.score = score
    best.push(candidate)
    for (let i = best.length - 1; i > place; i--) best[i] = best[i - 1]!
    best[place] = candidate
  }
  const last = best[n - 1]
  return last ? last.score - roundingSlack(last.score) : -Infinity
}

/**
 * The n tokens whose spellings have the highest total log-probability, best first, ties by token id;
 * fewer where the speller has fewer spellings. A token that others share their spelling with stands for all.
 *
 * The score of a spelling s is Σ logProbabilities[i, s_i], plus logProbabilities[length, END] where it is
 * shorter than k, added up in 64 bits from the first symbol on. The search is exact: depth first, the most
 * promising child first, leaving out what cannot reach the n best found so far. At worst it visits each
 * node of the trie once.
 *
 * @param logProbabilities [k, A], at most 0; −Infinity is allowed, and a token may score it
 * @param n from 1
 * @throws RangeError for a wrong length, NaN or +Infinity
 */
export function bestTokens(search: TrieSearch, logProbabilities: Float32Array, n: number): ScoredToken[] {
  const { speller, bestRest, node: nodes, depth: depths, prefix: prefixes, bound: bounds } = search
  const { firstChild, symbol, token: tokens }: Trie = speller.trie
  const { alphabet, k } = speller
  const size = alphabetSize(alphabet)
  const end = endSymbol(alphabet)
  if (logProbabilities.length !== k * size)
    throw new RangeError(`${logProbabilities.length} log-probabilities, expected ${k} · ${size}`)
  boundRests(search, logProbabilities)

  const best: Candidate[] = []
  let reach = -Infinity
  let top = 1
  nodes[0] = 0
  depths[0] = 0
  prefixes[0] = 0
  bounds[0] = bestRest[0]!
  while (top > 0) {
    top--
    if (bounds[top]! < reach) continue
    const node = nodes[top]!
    const depth = depths[top]!
    const prefix = prefixes[top]!
    const row = depth * size

    const token = tokens[node]!
    if (token >= 0) {
      const score = depth < k ? prefix + logProbabilities[row + end]! : prefix
      if (score >= reach) reach = insert(best, n, token, score)
    }

    const rest = bestRest[depth + 1]!
    const lastChild = firstChild[node + 1]!
    let highest = -Infinity
    for (let child = firstChild[node]!; child < lastChild; child++) {
      const childPrefix = prefix + logProbabilities[row + symbol[child]!]!
      const bound = childPrefix + rest
      if (bound < reach) continue
      // The most promising child stays on top of its siblings, so that it is visited first.
      let place = top
      if (bound >= highest) highest = bound
      else {
        place--
        nodes[top] = nodes[place]!
        prefixes[top] = prefixes[place]!
        bounds[top] = bounds[place]!
      }
      nodes[place] = child
      prefixes[place] = childPrefix
      bounds[place] = bound
      depths[top] = depth + 1
      top++
    }
  }
  return best
}

/** The best of `bestTokens`. */
export function bestToken(search: TrieSearch, logProbabilities: Float32Array): ScoredToken {
  return bestTokens(search, logProbabilities, 1)[0]!
}

/** What `bestTokens` scores a unit that has a spelling. */
export function spellingScore(speller: Speller, logProbabilities: Float32Array, unit: number): number {
  const size = alphabetSize(speller.alphabet)
  const symbols = spellingOf(speller, unit)
  let score = 0
  symbols.forEach((symbol, position) => (score += logProbabilities[position * size + symbol]!))
  if (symbols.length === speller.k) return score
  return score + logProbabilities[symbols.length * size + endSymbol(speller.alphabet)]!
}
