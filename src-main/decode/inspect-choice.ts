import { alphabetSize, endSymbol } from '../spelling/alphabet.ts'
import type { Speller } from '../spelling/speller.ts'
import { bestTokens, createTrieSearch } from '../spelling/trie-search.ts'
import { freeUnit } from './chooser.ts'
import { largestIndices } from './sampling.ts'

/** A token or symbol that could have been chosen. */
export interface Candidate {
  readonly index: number
  readonly logProbability: number
  readonly probability: number
}

/** How the next token after a hidden state is chosen. */
export interface ChoiceDetail {
  /** The base model's most likely tokens; their probabilities are among all tokens. */
  readonly base: readonly Candidate[]
  /** What the SpeLLM makes of it; null for a base model alone. */
  readonly spellm: {
    /** The best units by the total log-probability of their spelling; probabilities are among those listed. */
    readonly trie: readonly Candidate[]
    /** The symbols of free decoding up to END, and the unit that they stand for. */
    readonly free: { readonly symbols: readonly number[]; readonly unit: number }
    /** [k]: each head's most likely symbols. */
    readonly heads: readonly (readonly Candidate[])[]
    /**
     * With token symbols: log of what tokens without an exact score hold relative to the best exact one
     * (`FirstChoice`). The best units are then scored exactly, and their probabilities are among all tokens.
     */
    readonly doubt?: number
  } | null
}

export const listedTokens = 10
export const listedSymbols = 6

/**
 * Looks at one choice.
 *
 * @param logits the base model's [V]
 * @param spelling log-probabilities [k · A] of the SpeLLM's tail; null for a base model alone
 * @param tokenize the ids of a text
 */
export function inspectChoice(
  logits: Float32Array,
  spelling: { readonly speller: Speller; readonly scores: Float32Array } | null,
  tokenize: (text: string) => number[],
): ChoiceDetail {
  const base = baseCandidates(logits)
  if (!spelling) return { base, spellm: null }

  const { speller, scores } = spelling
  const size = alphabetSize(speller.alphabet)
  const best = bestTokens(createTrieSearch(speller), scores, listedTokens)
  const listed = logSumExp(best.map(({ score }) => score))
  const heads = Array.from({ length: speller.k }, (_, i) => {
    const own = scores.subarray(i * size, (i + 1) * size)
    return largestIndices(own, listedSymbols).map((symbol) => candidate(symbol, own[symbol]!))
  })
  const symbols = heads.map(([first]) => first!.index)
  const end = symbols.indexOf(endSymbol(speller.alphabet))
  return {
    base,
    spellm: {
      trie: best.map(({ token, score }) => ({
        index: token,
        logProbability: score,
        probability: Math.exp(score - listed),
      })),
      free: {
        symbols: end < 0 ? symbols : symbols.slice(0, end),
        unit: freeUnit(speller, Int32Array.from(symbols), tokenize) ?? best[0]!.token,
      },
      heads,
    },
  }
}

/** The base model's most likely tokens, of its logits [V]. */
export function baseCandidates(logits: Float32Array): Candidate[] {
  const total = logSumExp(logits)
  return largestIndices(logits, listedTokens).map((index) => candidate(index, logits[index]! - total))
}

export const candidate = (index: number, logProbability: number): Candidate => ({
  index,
  logProbability,
  probability: Math.exp(logProbability),
})

/** log Σ exp of some scores. */
export function logSumExp(scores: Iterable<number>): number {
  let largest = -Infinity
  for (const score of scores) largest = Math.max(largest, score)
  let sum = 0
  for (const score of scores) sum += Math.exp(score - largest)
  return largest + Math.log(sum)
}
