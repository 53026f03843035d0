import { setImmediate } from 'node:timers/promises'
import { headSymbols, type BaseHead } from '../../decode/chooser.ts'
import type { TailSession } from '../../decode/tail-session.ts'
import { CancelledError } from '../../errors.ts'
import type { Architecture } from '../../models/architecture.ts'
import type { HeadRows } from '../../models/head-rows.ts'
import type { TrunkSession } from '../../models/trunk-session.ts'
import { seededRandom } from '../../random.ts'
import { ownTurn, type Turn } from '../../runtime/turns.ts'
import { lookUp } from '../../spelling/free.ts'
import { bestToken, bestTokens, createTrieSearch } from '../../spelling/trie-search.ts'
import { madeUpScores } from './made-up-scores.ts'
import { median } from '../median.ts'

/** What a benchmark computes with. */
export interface BenchmarkSessions {
  readonly trunk: TrunkSession
  readonly head: BaseHead
  readonly rows: HeadRows
  readonly tail: TailSession
}

/** Another program that decodes a model of the same shape, step by step beside ours. */
export interface Peer {
  readonly name: string
  /** Makes its cache hold `context` tokens. */
  prepare(context: number): Promise<void>
  /** Decodes one token and forgets it again. */
  step(): Promise<void>
}

/** Milliseconds of the parts of one token, medians of the same steps. */
export interface TokenParts {
  /** Tokens in the cache. */
  readonly context: number
  /** Bytes of the cache's keys and values, which a step reads whole: its capacity, which grows in steps. */
  readonly keyValueBytes: number
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
  /** Finding shortlist's candidates and reading their rows of the LM head. */
  readonly shortlist: number
  /** Finding the two best tokens, whose distance decides in gated mode. */
  readonly gateSearch: number
  /** A whole token of the peer; null: there is none. */
  readonly peer: number | null
}

const warmUpSteps = 3

/** Steps that `measureTokenParts` takes, for progress. */
export const stepsOf = (steps: number) => steps + warmUpSteps

/**
 * Measures what a token costs, part by part. Each step runs all parts one after another, so that all of them meet
 * the same machine, whatever else it does.
 *
 * The trie search depends on how sure the tail is, and an untrained one would be at a loss. So it is given scores of
 * its own, made up for tokens drawn from the vocabulary.
 *
 * @param context tokens in the cache; their keys and values are made up, which costs the same
 * @throws CancelledError when the signal fires
 */
export async function measureTokenParts(
  { trunk, head, rows, tail }: BenchmarkSessions,
  { attention, layers, vocabularySize }: Architecture,
  {
    context,
    steps,
    candidates,
    peer,
    signal,
    turn = ownTurn,
    onStep,
  }: {
    readonly context: number
    readonly steps: number
    /** The n of shortlist(n). */
    readonly candidates: number
    readonly peer?: Peer | undefined
    readonly signal?: AbortSignal | undefined
    /** Where each step computes. */
    readonly turn?: Turn
    readonly onStep?: () => void
  },
): Promise<TokenParts> {
  const { speller } = tail
  const search = createTrieSearch(speller)
  const random = seededRandom(1)
  const cache = trunk.createCache()
  const rowLength = attention.keyValueHeads * context * attention.headSize
  const made = Float32Array.from({ length: rowLength }, () => random.normal())
  cache.append(Array<Float32Array>(2 * layers.length).fill(made), context)
  await peer?.prepare(context)

  const times: number[][] = []
  for (let step = -warmUpSteps; step < steps; step++) {
    if (signal?.aborted) throw new CancelledError()
    const scores = madeUpScores(speller, random.below(speller.vocabularySize), random)
    const tokens = Int32Array.of(random.below(vocabularySize))
    await turn(async () => {
      const at: number[] = [performance.now()]
      const lap = () => at.push(performance.now())
      const hidden = await trunk.forward(tokens, cache)
      lap()
      await head.greedy(hidden)
      lap()
      await tail.logProbabilities(hidden)
      lap()
      bestToken(search, scores)
      lap()
      lookUp(speller, headSymbols(speller, scores))
      lap()
      rows.logits(
        hidden,
        bestTokens(search, scores, candidates).map(({ token }) => token),
      )
      lap()
      bestTokens(search, scores, 2)
      lap()
      await peer?.step()
      lap()
      cache.truncate(context)
      if (step >= 0) times.push(at.slice(1).map((time, part) => time - at[part]!))
    })
    onStep?.()
    await setImmediate()
  }
  const medianOf = (part: number) => median(times.map((laps) => laps[part]!))
  return {
    context,
    keyValueBytes: Object.values(cache.feeds()).reduce(
      (sum, { data }) => sum + (data as Float32Array).byteLength,
      0,
    ),
    trunk: medianOf(0),
    head: medianOf(1),
    tail: medianOf(2),
    trieSearch: medianOf(3),
    freeLookup: medianOf(4),
    shortlist: medianOf(5),
    gateSearch: medianOf(6),
    peer: peer ? medianOf(7) : null,
  }
}
