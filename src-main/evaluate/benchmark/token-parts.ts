import { setImmediate } from 'node:timers/promises'
import { headSymbols, type BaseHead } from '../../decode/chooser.ts'
import { scoresOf, type TailSession } from '../../decode/tail-session.ts'
import { CancelledError } from '../../errors.ts'
import type { Architecture } from '../../models/architecture.ts'
import type { HeadRows } from '../../models/head-rows.ts'
import type { TrunkSession } from '../../models/trunk-session.ts'
import { seededRandom } from '../../random.ts'
import { ownTurn, type Turn } from '../../runtime/turns.ts'
import { lookUp } from '../../spelling/free.ts'
import { tokensOf } from '../../spelling/speller.ts'
import { bestToken, bestTokens, createTrieSearch } from '../../spelling/trie-search.ts'
import { madeUpScores } from './made-up-scores.ts'
import { median } from '../median.ts'

/** What a benchmark computes with. */
export interface BenchmarkSessions {
  /** The SpeLLM's. */
  readonly trunk: TrunkSession
  /** With the LM head, which each of its passes goes through. */
  readonly baseTrunk: TrunkSession
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
  /** A pass over the layers alone: the limit of what a SpeLLM can reach. */
  readonly trunk: number
  /** A pass over layers and LM head with its arg-max: the base model's. */
  readonly withHead: number
  /** A pass over layers, adapter and character heads: the SpeLLM's. */
  readonly withTail: number
  /** A pass over the LM head alone, as gated mode takes after the SpeLLM's. */
  readonly headAlone: number
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
 * the same machine, whatever else it does. The passes over the layers come in another order in each step, so that
 * none of them always finds what its neighbour has left in the cache.
 *
 * The trie search depends on how sure the tail is, and an untrained one would be at a loss. So it is given scores of
 * its own, made up for tokens drawn from the vocabulary.
 *
 * @param context tokens in the cache; their keys and values are made up, which costs the same
 * @throws CancelledError when the signal fires
 */
export async function measureTokenParts(
  { trunk, baseTrunk, head, rows, tail }: BenchmarkSessions,
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
  const layerLength = attention.keyValueHeads * context * attention.headSize
  const madeOnce = Float32Array.from({ length: layerLength }, () => random.normal())
  const made = new Float32Array(2 * layers.length * layerLength)
  for (let start = 0; start < made.length; start += layerLength) made.set(madeOnce, start)
  cache.append(made, context)
  await peer?.prepare(context)

  const times = new Map<string, number[]>()
  for (let step = -warmUpSteps; step < steps; step++) {
    if (signal?.aborted) throw new CancelledError()
    const scores = madeUpScores(speller, random.below(speller.vocabularySize), random)
    const tokens = Int32Array.of(random.below(vocabularySize))
    const timed = async <T>(part: string, work: () => T | Promise<T>): Promise<T> => {
      const started = performance.now()
      const result = await work()
      const time = performance.now() - started
      if (step >= 0) times.set(part, [...(times.get(part) ?? []), time])
      return result
    }
    await turn(async () => {
      let hidden: Float32Array = new Float32Array(0)
      const passes = {
        trunk: async () => ({ hidden } = await trunk.forwardToLast(tokens, cache, 'none')),
        withHead: () => baseTrunk.forwardToLast(tokens, cache, 'choice'),
        withTail: async () => scoresOf(tail, await trunk.forwardToLast(tokens, cache, tail.ending)),
      }
      const order = Object.entries(passes)
      for (let i = 0; i < order.length; i++) {
        const [part, pass] = order[(i + step + warmUpSteps) % order.length]!
        await timed<unknown>(part, pass)
        cache.truncate(context)
      }
      await timed('headAlone', () => head.greedy(hidden))
      await timed('trieSearch', () => bestToken(search, scores))
      await timed('freeLookup', () => lookUp(speller, headSymbols(speller, scores)))
      await timed('shortlist', () =>
        rows.logits(
          hidden,
          bestTokens(search, scores, candidates).map(({ token }) => tokensOf(speller, token)[0]!),
        ),
      )
      await timed('gateSearch', () => bestTokens(search, scores, 2))
      if (peer) await timed('peer', () => peer.step())
    })
    onStep?.()
    await setImmediate()
  }
  const medianOf = (part: string) => median(times.get(part)!)
  return {
    context,
    keyValueBytes: Object.values(cache.feeds()).reduce(
      (sum, { data }) => sum + (data as Float32Array).byteLength,
      0,
    ),
    trunk: medianOf('trunk'),
    withHead: medianOf('withHead'),
    withTail: medianOf('withTail'),
    headAlone: medianOf('headAlone'),
    trieSearch: medianOf('trieSearch'),
    freeLookup: medianOf('freeLookup'),
    shortlist: medianOf('shortlist'),
    gateSearch: medianOf('gateSearch'),
    peer: peer ? medianOf('peer') : null,
  }
}
