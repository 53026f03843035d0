import { setImmediate } from 'node:timers/promises'
import { headSymbols, type BaseHead } from '../decode/chooser.ts'
import { scoresOf, type TailSession } from '../spellm/tail-session.ts'
import { CancelledError } from '../base/errors.ts'
import type { Architecture } from '../models/architecture.ts'
import type { HeadRows } from '../models/head-rows.ts'
import type { TrunkSession } from '../models/trunk-session.ts'
import { seededRandom, shuffledIndices, type Random } from '../base/random.ts'
import type { KeyValueCache } from '../runtime/key-value-cache.ts'
import { ownTurn, type Turn } from '../runtime/turns.ts'
import { lookUp } from '../spelling/free.ts'
import { tokensOf } from '../spelling/speller.ts'
import { bestToken, bestTokens, createTrieSearch } from '../spelling/trie-search.ts'
import { madeUpScores } from './made-up-scores.ts'
import { median } from '../base/median.ts'

/** What a benchmark computes with. */
export interface BenchmarkSessions {
  /** The SpeLLM's. */
  readonly trunk: TrunkSession
  /** The trunk with the LM head, which each of its passes runs through. */
  readonly baseTrunk: TrunkSession
  readonly head: BaseHead
  readonly rows: HeadRows
  readonly tail: TailSession
}

/** Another program that decodes a model of the same shape, step by step in turns with ours. */
export interface Peer {
  readonly name: string
  /** Makes its cache hold `context` tokens. */
  prepare(context: number): Promise<void>
  /** Decodes one token and forgets it again. */
  step(): Promise<void>
}

/**
 * Milliseconds of the parts of one token, medians of the same rounds. `head` and `tail` are medians of differences within
 * a round: machines are faster at one time and slower at another.
 */
export interface TokenParts {
  /** Tokens in the cache. */
  readonly context: number
  /** Bytes of the cache's keys and values, which a step reads whole: its capacity, which grows in steps. */
  readonly keyValueBytes: number
  /** A pass over the layers alone: the limit of what a SpeLLM can reach. */
  readonly trunk: number
  /** What the LM head and its arg-max add to that: the base model's. */
  readonly head: number
  /** What adapter and character heads add: the SpeLLM's. */
  readonly tail: number
  /** A pass over the LM head alone, as gated mode takes after the SpeLLM's. */
  readonly headAlone: number
  /** Finding the best token of the trie. */
  readonly trieSearch: number
  /** Looking up the string of free decoding. */
  readonly freeLookup: number
  /** Finding trie's candidates and reading their rows of the LM head. */
  readonly candidateSearch: number
  /** Finding the two best tokens, whose distance decides in gated mode. */
  readonly gateSearch: number
  /** A whole token of the peer; null: there is none. */
  readonly peer: number | null
}

/**
 * Passes that a part makes in a row. The first of them isn't measured: it finds in the CPU's caches what another
 * part has left there, where a text's steps find what the step before has.
 */
const passesInRow = 4
const warmUpRounds = 1
/** After this many searches JavaScript runs them as machine code, as in a text of some hundred tokens. */
const warmUpSearches = 300

/** Rounds in which each part takes its turn to be measured `steps` times. */
const roundsOf = (steps: number) => Math.ceil(steps / (passesInRow - 1))

/** Passes of each part that `measureTokenParts` takes, for progress. */
export const passesOf = (steps: number) => (roundsOf(steps) + warmUpRounds) * passesInRow

type Pass = 'trunk' | 'withHead' | 'withTail' | 'headAlone' | 'peer'
type Search = 'trieSearch' | 'freeLookup' | 'candidateSearch' | 'gateSearch'
type Part = Pass | Search
/** Milliseconds that a round's passes and searches took. */
type Times = Map<Part, number[]>

export interface TokenPartsOptions {
  /** Tokens in the cache; their keys and values are made up, which costs the same. */
  readonly context: number
  /** Passes of each part that are measured, at least. */
  readonly steps: number
  /** The n of trie(n). */
  readonly candidates: number
  readonly peer?: Peer | undefined
  readonly signal?: AbortSignal | undefined
  /** Shares the engine's thread: each row of passes computes in a turn of its own. */
  readonly turn?: Turn
  /** So many more passes of each part are done. */
  readonly onPasses?: (passes: number) => void
}

/**
 * Measures what a token costs, part by part. In each round every part makes some passes in a row, as a text does; so
 * all of them meet the same machine, whatever else it does. Each pass is followed by one of the searches: so searches
 * find the CPU's caches as they are in a text, and passes find its threads so.
 *
 * The trie search depends on how sure the tail is, and an untrained one would be at a loss. So it is given scores of
 * its own, made up for tokens drawn from the vocabulary.
 *
 * @throws CancelledError when the signal fires
 */
export async function measureTokenParts(
  { trunk, baseTrunk, head, rows, tail }: BenchmarkSessions,
  architecture: Architecture,
  { context, steps, candidates, peer, signal, turn = ownTurn, onPasses }: TokenPartsOptions,
): Promise<TokenParts> {
  const { speller } = tail
  const search = createTrieSearch(speller)
  const random = seededRandom(1)
  const cache = madeUpCache(trunk, architecture, context, random)
  await peer?.prepare(context)

  let hidden: Float32Array = new Float32Array(0)
  const drawScores = () => madeUpScores(speller, random.below(speller.vocabularySize), random)
  const drawTokens = () => Int32Array.of(random.below(architecture.vocabularySize))
  const searches = {
    trieSearch: (scores: Float32Array) => bestToken(search, scores),
    freeLookup: (scores: Float32Array) => lookUp(speller, headSymbols(speller, scores)),
    candidateSearch: (scores: Float32Array) =>
      rows.logits(
        hidden,
        bestTokens(search, scores, candidates).map(({ token }) => tokensOf(speller, token)[0]!),
      ),
    gateSearch: (scores: Float32Array) => bestTokens(search, scores, 2),
  }
  const passes = {
    trunk: async () => ({ hidden } = await trunk.forwardLastPosition(drawTokens(), cache, 'none')),
    withHead: () => baseTrunk.forwardLastPosition(drawTokens(), cache, 'choice'),
    withTail: async () =>
      scoresOf(tail, await trunk.forwardLastPosition(drawTokens(), cache, tail.outputHead)),
    headAlone: () => head.greedy(hidden),
    ...(peer ? { peer: () => peer.step() } : {}),
  }
  const measured: Times[] = []
  const timed = async (times: Times, part: Part, work: () => unknown) => {
    const started = performance.now()
    await work()
    times.set(part, [...(times.get(part) ?? []), performance.now() - started])
  }

  ;({ hidden } = await turn(() => trunk.forwardLastPosition(drawTokens(), cache, 'none')))
  cache.truncate(context)
  for (let i = 0; i < warmUpSearches; i++) for (const find of Object.values(searches)) find(drawScores())
  const parts = Object.entries(passes) as [Pass, () => Promise<unknown>][]
  const searchOrder = Object.entries(searches) as [Search, (scores: Float32Array) => unknown][]
  let searched = 0
  for (let round = -warmUpRounds; round < roundsOf(steps); round++) {
    const times: Times = new Map()
    // Drawn again each time: none has always the same one before it.
    for (const index of shuffledIndices(parts.length, random)) {
      if (signal?.aborted) throw new CancelledError()
      const [part, pass] = parts[index]!
      await turn(async () => {
        for (let inRow = 0; inRow < passesInRow; inRow++) {
          await (inRow === 0 ? pass() : timed(times, part, pass))
          cache.truncate(context)
          const scores = drawScores()
          const [name, find] = searchOrder[searched++ % searchOrder.length]!
          await timed(times, name, () => find(scores))
        }
      })
      await setImmediate()
    }
    if (round >= 0) measured.push(times)
    onPasses?.(passesInRow)
  }
  return { context, keyValueBytes: bytesOf(cache), ...summarise(measured) }
}

/** A cache that holds `context` tokens of made-up keys and values. */
function madeUpCache(
  trunk: TrunkSession,
  { attention, layers }: Architecture,
  context: number,
  random: Random,
): KeyValueCache {
  const layerLength = attention.keyValueHeads * context * attention.headSize
  const madeOnce = Float32Array.from({ length: layerLength }, () => random.normal())
  const made = new Float32Array(2 * layers.length * layerLength)
  for (let start = 0; start < made.length; start += layerLength) made.set(madeOnce, start)
  const cache = trunk.createCache()
  cache.append(made, context)
  return cache
}

const bytesOf = (cache: KeyValueCache): number =>
  Object.values(cache.feeds()).reduce((sum, { data }) => sum + (data as Float32Array).byteLength, 0)

/** Medians of the rounds' times. */
function summarise(measured: readonly Times[]): Omit<TokenParts, 'context' | 'keyValueBytes'> {
  const medianOf = (part: Part) => median(measured.flatMap((times) => times.get(part)!))
  // A part that seems to take less than nothing is smaller than the noise.
  const beyondTrunk = (part: Part) =>
    Math.max(0, median(measured.map((times) => median(times.get(part)!) - median(times.get('trunk')!))))
  return {
    trunk: medianOf('trunk'),
    head: beyondTrunk('withHead'),
    tail: beyondTrunk('withTail'),
    headAlone: medianOf('headAlone'),
    trieSearch: medianOf('trieSearch'),
    freeLookup: medianOf('freeLookup'),
    candidateSearch: medianOf('candidateSearch'),
    gateSearch: medianOf('gateSearch'),
    peer: measured.some((times) => times.has('peer')) ? medianOf('peer') : null,
  }
}
