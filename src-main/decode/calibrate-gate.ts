import type { TrunkSession } from '../models/trunk-session.ts'
import { tokensOf } from '../spelling/speller.ts'
import { bestTokens, createTrieSearch } from '../spelling/trie-search.ts'
import type { BaseHead, Chooser } from './chooser.ts'
import type { Gate } from '../spellm/gates.ts'
import { marginOf } from './gated.ts'
import { generate } from './generate.ts'
import type { ForEachText } from './batched-generation.ts'
import { scoresOf, type TailSession } from '../spellm/tail-session.ts'

/** The shares that thresholds are found for. */
export const gateShares = [0.01, 0.02, 0.05, 0.1, 0.2] as const
/** The share of gated mode where none is asked for. */
export const defaultGateShare = 0.05

/**
 * Finds the thresholds of gated mode on texts that the SpeLLM itself writes: there it meets other states than in
 * texts of others, and is less sure. The texts are written twice, first by trie mode alone, then by gated mode
 * with the threshold for the usual share; the margins of the second time give the thresholds.
 *
 * @param prompts the beginnings of the texts, each at least one token
 * @param tokens how far each is continued; it ends earlier where the model ends it
 */
export async function calibrateGate(
  {
    trunk,
    forEachText,
    tail,
    head,
  }: {
    readonly trunk: TrunkSession
    /** Runs work for each text with a context of the trunk. */
    readonly forEachText: ForEachText
    readonly tail: TailSession
    readonly head: Pick<BaseHead, 'greedy'>
  },
  prompts: readonly (readonly number[])[],
  {
    tokens,
    stopTokens,
    contextLength,
    onStep,
    signal,
  }: {
    readonly tokens: number
    readonly stopTokens: readonly number[]
    readonly contextLength: number
    /** Told of each step of a text, of at most 2 · prompts · tokens. */
    readonly onStep?: () => void
    readonly signal?: AbortSignal
  },
): Promise<Gate[]> {
  const search = createTrieSearch(tail.speller)
  const marginsWith = async (threshold: number) => {
    const margins: number[] = []
    const chooser: Chooser = {
      outputHead: tail.outputHead,
      choose: async (state) => {
        const best = bestTokens(search, await scoresOf(tail, state), 2)
        const margin = marginOf(best)
        margins.push(margin)
        onStep?.()
        return margin >= threshold
          ? tokensOf(tail.speller, best[0]!.token)
          : [await head.greedy(state.hidden)]
      },
    }
    const options = { maxTokens: tokens, stopTokens, contextLength, ...(signal ? { signal } : {}) }
    await forEachText(prompts, async (prompt, kvContext) => {
      const written = generate(trunk, chooser, kvContext, prompt, options)
      while ((await written.next()).done !== true);
    })
    return margins.sort((a, b) => a - b)
  }
  const usual = thresholdFor(await marginsWith(0), defaultGateShare)
  const margins = await marginsWith(usual)
  return gateShares.map((share) => ({ share, threshold: thresholdFor(margins, share) }))
}

/** The threshold that `share` of the sorted margins are below; margins of a speller with one token are infinite. */
function thresholdFor(margins: readonly number[], share: number): number {
  const margin = margins[Math.floor(share * margins.length)] ?? 0
  return Number.isFinite(margin) ? margin : Number.MAX_VALUE
}
