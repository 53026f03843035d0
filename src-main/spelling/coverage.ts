import { SpellmError } from '../base/errors.ts'
import type { Alphabet } from './alphabet.ts'
import { tokenStatuses, type Speller, type TokenStatus } from './speller.ts'
import { spellVocabulary } from './spellings.ts'
import { buildTrie } from './trie.ts'
import type { VocabularyEntry } from '../tokenizer/vocabulary-entry.ts'

/** The share of tokens in each status, 0 to 1; together 1. */
export type Coverage = Readonly<Record<TokenStatus, number>>

function shares(weights: Record<TokenStatus, number>): Coverage {
  const total = tokenStatuses.reduce((sum, status) => sum + weights[status], 0)
  if (total === 0)
    throw new SpellmError(
      'text-invalid',
      'coverage: the text has no tokens to count',
      'Use a text that is not empty.',
    )
  return {
    covered: weights.covered / total,
    truncated: weights.truncated / total,
    shadowed: weights.shadowed / total,
    uncovered: weights.uncovered / total,
    symbol: weights.symbol / total,
  }
}

function checkCounts(tokenCounts: ArrayLike<number>, vocabularySize: number): void {
  if (tokenCounts.length !== vocabularySize)
    throw new RangeError(`${tokenCounts.length} counts for ${vocabularySize} tokens`)
}

/** The shares of the vocabulary's tokens, special and empty ones included. */
export function vocabularyCoverage(speller: Speller): Coverage {
  return corpusCoverage(speller, new Uint8Array(speller.vocabularySize).fill(1))
}

/**
 * The shares of a corpus's tokens.
 *
 * @param tokenCounts how often each token occurs, [V]
 * @throws SpellmError text-invalid where nothing occurs
 */
export function corpusCoverage(speller: Speller, tokenCounts: ArrayLike<number>): Coverage {
  checkCounts(tokenCounts, speller.vocabularySize)
  const weights = { covered: 0, truncated: 0, shadowed: 0, uncovered: 0, symbol: 0 }
  for (const [token, status] of speller.status.subarray(0, speller.vocabularySize).entries())
    weights[tokenStatuses[status]!] += tokenCounts[token]!
  return shares(weights)
}

/**
 * `corpusCoverage` for every k from 1 to `maxK` (at index k − 1), each as a speller of that k built with
 * the same counts has it, from one trie of the longest spellings.
 *
 * @param tokenCounts how often each token occurs, [V]; all 1 for the shares of the vocabulary
 * @param maxK 1 to 64
 * @throws SpellmError text-invalid where nothing occurs; and as `spellVocabulary` does
 */
export function coverageByK(
  vocabulary: readonly VocabularyEntry[],
  alphabet: Alphabet,
  tokenCounts: ArrayLike<number>,
  maxK: number,
): readonly Coverage[] {
  checkCounts(tokenCounts, vocabulary.length)
  const count = (token: number) => tokenCounts[token]!
  const spellings = spellVocabulary(vocabulary, alphabet, maxK)
  const { whole } = spellings
  const { nodeOf, firstChild, levelStart, symbol } = buildTrie(spellings, () => false)
  const nodes = symbol.length

  // Of the tokens that end at a node in full, and of all that end at or below it: their total count, and
  // the highest count of one. A spelling stands for its most frequent token; on a tie for one in full.
  const endingTotal = new Float64Array(nodes)
  const endingHighest = new Float64Array(nodes).fill(-1)
  const belowTotal = new Float64Array(nodes)
  const belowHighest = new Float64Array(nodes).fill(-1)
  const symbols = new Set(alphabet.tokenSymbols)
  let uncovered = 0
  let symbolTotal = 0
  for (const [token, node] of nodeOf.entries()) {
    if (symbols.has(token)) {
      symbolTotal += count(token)
      continue
    }
    if (node < 0) {
      uncovered += count(token)
      continue
    }
    belowTotal[node]! += count(token)
    belowHighest[node] = Math.max(belowHighest[node]!, count(token))
    if (!whole[token]) continue
    endingTotal[node]! += count(token)
    endingHighest[node] = Math.max(endingHighest[node]!, count(token))
  }
  for (let node = nodes - 1; node >= 0; node--)
    for (let child = firstChild[node]!; child < firstChild[node + 1]!; child++) {
      belowTotal[node]! += belowTotal[child]!
      belowHighest[node] = Math.max(belowHighest[node]!, belowHighest[child]!)
    }

  const table: Coverage[] = []
  const shorter = { covered: 0, shadowed: 0 }
  for (let k = 1; k <= maxK; k++) {
    const weights = { ...shorter, truncated: 0, uncovered, symbol: symbolTotal }
    for (let node = levelStart[k] ?? nodes; node < (levelStart[k + 1] ?? nodes); node++) {
      const status = endingHighest[node]! >= belowHighest[node]! ? 'covered' : 'truncated'
      weights[status] += belowHighest[node]!
      weights.shadowed += belowTotal[node]! - belowHighest[node]!
      if (endingHighest[node]! < 0) continue
      shorter.covered += endingHighest[node]!
      shorter.shadowed += endingTotal[node]! - endingHighest[node]!
    }
    table.push(shares(weights))
  }
  return table
}

/**
 * The tokens of one status that occur most often, most frequent first, ties by token id.
 *
 * @param tokenCounts how often each token occurs, [V]; tokens that don't occur are left out
 * @param n how many at most
 */
export function mostFrequentTokens(
  speller: Speller,
  tokenCounts: ArrayLike<number>,
  status: TokenStatus,
  n: number,
): { readonly token: number; readonly count: number }[] {
  checkCounts(tokenCounts, speller.vocabularySize)
  const wanted = tokenStatuses.indexOf(status)
  return [...speller.status.entries()]
    .filter(([token, found]) => found === wanted && tokenCounts[token]! > 0)
    .map(([token]) => ({ token, count: tokenCounts[token]! }))
    .sort((a, b) => b.count - a.count || a.token - b.token)
    .slice(0, n)
}
