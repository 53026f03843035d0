import { setImmediate } from 'node:timers/promises'
import { createBaseHead } from '../decode/chooser.ts'
import { createTailSession, tailShape, type TailWeights } from '../decode/tail-session.ts'
import { CancelledError } from '../errors.ts'
import type { BaseModel } from '../models/base-model.ts'
import { openHeadRows } from '../models/head-rows.ts'
import type { Bits } from '../models/quantize.ts'
import { createTrunkSession } from '../models/trunk-session.ts'
import { seededRandom } from '../random.ts'
import { lookUp } from '../spelling/free.ts'
import { bestToken, bestTokens, createTrieSearch } from '../spelling/trie-search.ts'
import { spellingOf, type Speller } from '../spelling/speller.ts'
import { alphabetSize, endSymbol } from '../spelling/alphabet.ts'
import { largestIndex } from '../decode/sampling.ts'

/** A model to be measured. */
export interface BenchmarkModel {
  readonly base: BaseModel
  readonly speller: Speller
  readonly adapterWidths: readonly number[]
  readonly weights: TailWeights
  /** The tail's. */
  readonly bits: Bits
}

/** Milliseconds of the parts of one token, medians of the same steps. */
export interface TokenTimes {
  /** Tokens in the cache. */
  readonly context: number
  /** The layers: what base and SpeLLM have in common, and the limit of what a SpeLLM can reach. */
  readonly trunk: number
  /** The base model's LM head with its arg-max. */
  readonly head: number
  /** Adapter and character heads. */
  readonly tail: number
  /** Finding the best token of the trie. */
  readonly trieSearch: number
  /** Looking up the string of free decoding. */
  readonly freeLookup: number
  /** Finding eight candidates and reading their rows of the LM head. */
  readonly shortlist: number
}

const candidates = 8
/** Of a head's probability, what is on the right symbol in the made-up scores for a tail that was not trained. */
const certainty = 0.9

/**
 * Measures what a token costs, part by part. Each step runs all parts one after another, so that all of them meet
 * the same machine, whatever else it does.
 *
 * The trie search depends on how sure the tail is, and a tail with random weights would be at a loss. So it is
 * given scores of its own: for a token drawn from the vocabulary, each head puts 0.9 on its symbol and spreads the
 * rest at random.
 *
 * @param contexts tokens in the cache, ascending; their keys and values are made up, which costs the same
 * @throws CancelledError when the signal fires
 */
export async function measureTokenTimes(
  { base, speller, adapterWidths, weights, bits }: BenchmarkModel,
  {
    contexts,
    steps,
    threads,
    signal,
    onStep,
  }: {
    readonly contexts: readonly number[]
    readonly steps: number
    readonly threads?: number
    readonly signal?: AbortSignal
    readonly onStep?: () => void
  },
): Promise<TokenTimes[]> {
  const { hiddenSize: d, attention, layers, vocabularySize } = base.architecture
  const session = threads === undefined ? {} : { threads }
  const trunk = await createTrunkSession(base, session)
  const head = await createBaseHead(base, session)
  const tail = await createTailSession(tailShape(d, adapterWidths, speller), weights, speller, {
    ...session,
    bits,
  })
  const rows = openHeadRows(base)
  const search = createTrieSearch(speller)
  const random = seededRandom(1)
  try {
    const results: TokenTimes[] = []
    for (const context of contexts) {
      const cache = trunk.createCache()
      const rowLength = attention.keyValueHeads * context * attention.headSize
      const made = Float32Array.from({ length: rowLength }, () => random.normal())
      cache.append(Array<Float32Array>(2 * layers.length).fill(made), context)
      const times: Record<keyof Omit<TokenTimes, 'context'>, number[]> = {
        trunk: [],
        head: [],
        tail: [],
        trieSearch: [],
        freeLookup: [],
        shortlist: [],
      }
      for (let step = -warmUpSteps; step < steps; step++) {
        if (signal?.aborted) throw new CancelledError()
        const scores = madeUpScores(speller, random.below(speller.vocabularySize), random)
        const token = random.below(vocabularySize)
        const at: number[] = [performance.now()]
        const lap = () => at.push(performance.now())
        const hidden = await trunk.forward(Int32Array.of(token), cache)
        lap()
        await head.greedy(hidden)
        lap()
        await tail.logProbabilities(hidden)
        lap()
        bestToken(search, scores)
        lap()
        freeString(speller, scores)
        lap()
        rows.logits(
          hidden,
          bestTokens(search, scores, candidates).map((best) => best.token),
        )
        lap()
        cache.truncate(context)
        if (step >= 0) Object.values(times).forEach((part, index) => part.push(at[index + 1]! - at[index]!))
        onStep?.()
        await setImmediate()
      }
      const medians = Object.fromEntries(
        Object.entries(times).map(([part, values]) => [part, median(values)]),
      )
      results.push({ context, ...medians } as unknown as TokenTimes)
    }
    return results
  } finally {
    rows.close()
    for (const resource of [trunk, head, tail]) await resource.release()
  }
}

const warmUpSteps = 3

/** What the decode modes make of the parts. */
export interface ModeTimes {
  readonly context: number
  /** Milliseconds a token. */
  readonly base: number
  readonly trie: number
  readonly free: number
  readonly shortlist: number
  /** 1 − trie / base. */
  readonly reduction: number
  /** The most that could be saved: 1 − trunk / base. */
  readonly limit: number
  /** reduction / limit, for trie and free mode. */
  readonly shareOfLimit: { readonly trie: number; readonly free: number }
}

/** The cost of whole tokens from that of their parts. */
export function modeTimes(times: TokenTimes): ModeTimes {
  const { context, trunk, head, tail } = times
  const base = trunk + head
  const trie = trunk + tail + times.trieSearch
  const free = trunk + tail + times.freeLookup
  return {
    context,
    base,
    trie,
    free,
    shortlist: trunk + tail + times.shortlist,
    reduction: 1 - trie / base,
    limit: head / base,
    shareOfLimit: { trie: (base - trie) / head, free: (base - free) / head },
  }
}

/** Log-probabilities [k · A] of a tail that is fairly sure of `token`. */
function madeUpScores(
  speller: Speller,
  token: number,
  random: ReturnType<typeof seededRandom>,
): Float32Array {
  const { k, alphabet } = speller
  const size = alphabetSize(alphabet)
  const spelling = spellingOf(speller, token)
  const scores = new Float32Array(k * size)
  for (let head = 0; head < k; head++) {
    const own = scores.subarray(head * size, (head + 1) * size)
    let total = 0
    for (let i = 0; i < size; i++) total += own[i] = Math.exp(2 * random.normal())
    const right = spelling[head] ?? endSymbol(alphabet)
    for (let i = 0; i < size; i++) own[i] = Math.log(((1 - certainty) * own[i]!) / total)
    own[right] = Math.log(Math.exp(own[right]!) + certainty)
  }
  return scores
}

function freeString(speller: Speller, scores: Float32Array) {
  const size = alphabetSize(speller.alphabet)
  const symbols = Int32Array.from({ length: speller.k }, (_, head) =>
    largestIndex(scores, head * size, (head + 1) * size),
  )
  return lookUp(speller, symbols)
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}
