import { stackRows, type BatchTrunk } from '../models/batch-trunk.ts'
import {
  pieceTokens,
  type OutputHead,
  type LastPosition,
  type TrunkSession,
} from '../models/trunk-session.ts'
import type { KeyValueCache } from '../runtime/key-value-cache.ts'
import { createTurns, ownTurn, type Turn } from '../runtime/turns.ts'
import type { BaseHead } from './chooser.ts'
import { newKvContext, type KvContext } from './generate.ts'
import type { TailSession } from '../spellm/tail-session.ts'

/** Texts that are written side by side; the last ones of a list may be fewer. */
export const textsAtOnce = 8

/**
 * Does `work` for each item, with a context of its own, for one or several at a time.
 *
 * @returns what the work gives, in the order of the items
 * @throws what the work throws for one of them, when those that were begun with it have ended
 */
export type ForEachText = <Item, Result>(
  items: readonly Item[],
  work: (item: Item, kvContext: KvContext) => Promise<Result>,
) => Promise<Result[]>

/** One text after another, each in a new context. */
export function oneAfterAnother(trunk: TrunkSession): ForEachText {
  return async (items, work) => {
    const results = []
    for (const item of items) {
      const kvContext = newKvContext(trunk)
      try {
        results.push(await work(item, kvContext))
      } finally {
        kvContext.cache.release()
      }
    }
    return results
  }
}

/** A trunk for texts that are written side by side: a pass reads what all of them wait for. */
export interface SharedTrunk {
  /** The trunk for the contexts of `forEachText` alone. */
  readonly trunk: TrunkSession
  readonly forEachText: ForEachText
  /** Those that were given, one call at a time: on some devices two passes at once end the process. */
  readonly tail: TailSession
  readonly head: BaseHead
}

/** What a text waits for. */
interface Request {
  readonly tokens: Int32Array
  readonly cache: KeyValueCache
  readonly outputHead: OutputHead
  readonly resolve: (read: { readonly states: Float32Array; readonly last: LastPosition }) => void
  readonly reject: (error: unknown) => void
}

/**
 * Shares a trunk between texts. Each writes as if it were alone; its pass begins when all that are not finished wait
 * for one. Tail and LM head are read once for all states that they are asked about.
 *
 * @param parts.turn where each pass computes
 */
export function shareTrunk(
  batch: BatchTrunk,
  {
    tail,
    head,
    turn = ownTurn,
  }: { readonly tail: TailSession; readonly head: BaseHead; readonly turn?: Turn },
): SharedTrunk {
  const caches = batch.createCaches()
  const { foreground } = createTurns()
  const alone: Turn = (work) => foreground(() => turn(work))
  let writing = 0
  let waiting: Request[] = []

  const pass = async (requests: readonly Request[]) => {
    const requestOf = (cache: KeyValueCache) => requests.find((request) => request.cache === cache)
    const tokens = caches.map((cache) => requestOf(cache)?.tokens ?? new Int32Array(0))
    const states = await batch.forward(tokens, caches)
    const statesOf = ({ cache }: Request) => states[caches.indexOf(cache)]!
    await answer(requests, statesOf, tail, head)
  }
  const passIfAllWait = () => {
    if (waiting.length === 0 || waiting.length < writing) return
    const requests = waiting
    waiting = []
    alone(() => pass(requests)).catch((error: unknown) => requests.forEach(({ reject }) => reject(error)))
  }
  const read = (tokens: Int32Array, cache: KeyValueCache, outputHead: OutputHead) =>
    new Promise<{ readonly states: Float32Array; readonly last: LastPosition }>((resolve, reject) => {
      waiting.push({ tokens, cache, outputHead, resolve, reject })
      passIfAllWait()
    })

  return {
    trunk: {
      pieceTokens: Math.max(1, Math.floor(pieceTokens / caches.length)),
      createCache: () => {
        throw new TypeError('the contexts of a shared trunk are given by forEachText')
      },
      forward: async (tokens, cache) => (await read(tokens, cache, 'none')).states,
      forwardLastPosition: async (tokens, cache, outputHead) => (await read(tokens, cache, outputHead)).last,
      release: () => batch.release(),
    },
    tail: {
      ...tail,
      outputHead: 'tail',
      logProbabilities: (hidden) => alone(() => tail.logProbabilities(hidden)),
    },
    head: {
      ...head,
      logits: (hidden) => alone(() => head.logits(hidden)),
      greedy: (hidden) => alone(() => head.greedy(hidden)),
      greedyRows: (hidden) => alone(() => head.greedyRows(hidden)),
    },
    forEachText: async (items, work) => {
      const results = []
      // All of a round begin together, because a pass takes as long as if each text had as many new tokens as the
      // one with the most.
      for (let start = 0; start < items.length; start += caches.length) {
        const round = items.slice(start, start + caches.length)
        writing = round.length
        for (const cache of caches) cache.truncate(0)
        const outcomes = await Promise.allSettled(
          round.map(async (item, place) => {
            try {
              return await work(item, { cache: caches[place]!, tokens: [] })
            } finally {
              writing--
              passIfAllWait()
            }
          }),
        )
        for (const outcome of outcomes) {
          if (outcome.status === 'rejected') throw outcome.reason
          results.push(outcome.value)
        }
      }
      return results
    },
  }
}

async function answer(
  requests: readonly Request[],
  statesOf: (request: Request) => Float32Array,
  tail: TailSession,
  head: BaseHead,
): Promise<void> {
  const read = requests.map((request) => {
    const states = statesOf(request)
    return { ...request, states, hidden: states.slice(-states.length / request.tokens.length) }
  })
  const answers = await answersTo(read, tail, head)
  read.forEach(({ states, hidden, resolve }, i) => resolve({ states, last: { hidden, ...answers[i] } }))
}

/** What tail and LM head say of the states that they are asked about. */
async function answersTo(
  read: readonly { readonly outputHead: OutputHead; readonly hidden: Float32Array }[],
  tail: TailSession,
  head: BaseHead,
): Promise<Omit<LastPosition, 'hidden'>[]> {
  const answers: Omit<LastPosition, 'hidden'>[] = read.map(() => ({}))
  const asking = (outputHead: OutputHead) =>
    read.flatMap((request, i) => (request.outputHead === outputHead ? [i] : []))
  const stacked = (requests: readonly number[]) => stackRows(requests.map((i) => read[i]!.hidden))
  const ofTail = asking('tail')
  if (ofTail.length > 0) {
    const scores = await tail.logProbabilities(stacked(ofTail))
    const size = scores.length / ofTail.length
    ofTail.forEach((i, row) => {
      answers[i] = { logProbabilities: scores.slice(row * size, (row + 1) * size) }
    })
  }
  const ofHead = asking('choice')
  if (ofHead.length > 0) {
    const choices = await head.greedyRows(stacked(ofHead))
    ofHead.forEach((i, row) => (answers[i] = { baseChoice: choices[row]! }))
  }
  return answers
}
