import { stackRows } from '../models/batch-trunk.ts'
import type { HeadRows } from '../models/head-rows.ts'
import type { LastState, TrunkSession } from '../models/trunk-session.ts'
import { seededRandom, type Random } from '../random.ts'
import { ownTurn } from '../runtime/turns.ts'
import { bestTokens, createTrieSearch } from '../spelling/trie-search.ts'
import type { BaseHead } from './chooser.ts'
import { leadOf } from './gated.ts'
import {
  prepareContext,
  readEach,
  readTokens,
  requirePrompt,
  type Conversation,
  type GenerateOptions,
  type GenerationEnd,
} from './generate.ts'
import { unitsByFirstToken } from './shortlist.ts'
import { drawIndex, largestIndex, penalize, sharesOf, type Sampling } from './sampling.ts'
import { scoresOf, type TailSession } from '../spellm/tail-session.ts'

/** Tokens that are drafted before the base model's head looks at them; a word goes beyond. */
const longestDraft = 8
/** Candidates of a draft. */
const candidates = 8

/** The distribution that always gives one token. */
const certain = (token: number): ReadonlyMap<number, number> => new Map([[token, 1]])

/** What a lossless generation uses. */
export interface LosslessParts {
  readonly trunk: TrunkSession
  readonly tail: TailSession
  readonly rows: Pick<HeadRows, 'logits'>
  readonly head: BaseHead
  /** Where the SpeLLM is less sure than this, the draft ends: what would follow is likely to be thrown away. */
  readonly threshold: number
}

/** A drafted token, the state that it was drafted from, and (sampled) the probabilities that it was drawn with. */
interface Draft {
  readonly token: number
  readonly hidden: Float32Array
  readonly drawnFrom: ReadonlyMap<number, number>
}

/**
 * Continues `prompt` as the base model does: the SpeLLM drafts some tokens by shortlist, then one pass over the LM
 * head looks at all of their states, which the trunk has computed anyway. Greedy: what the base model would not
 * have picked is replaced by what it picks, and what was drafted after it is forgotten; so the output is the
 * base model's, token for token. A word is drafted whole and read in one pass. Sampled: a drafted
 * token is kept with probability min(1, p / q) and otherwise replaced by a draw from the rest max(0, p − q)
 * (Leviathan et al. 2023, section 2.3), so that each token is distributed as the base model's. In a word, q is 1 for
 * each token after the first.
 *
 * @returns why it ended
 * @throws RangeError for an empty prompt or one longer than the context
 */
export async function* generateLossless(
  { trunk, tail, rows, head, threshold }: LosslessParts,
  sampling: Sampling | null,
  conversation: Conversation,
  prompt: readonly number[],
  { maxTokens, stopTokens, contextLength, signal, turn = ownTurn }: GenerateOptions,
): AsyncGenerator<number, GenerationEnd> {
  requirePrompt(prompt, contextLength)
  if (maxTokens === 0) return 'length'
  const search = createTrieSearch(tail.speller)
  const random = seededRandom(sampling?.seed ?? 0)
  const draftUnit = async (state: LastState) => {
    const best = bestTokens(search, await scoresOf(tail, state), candidates)
    const units = unitsByFirstToken(tail.speller, best)
    const firstTokens = units.map(([first]) => first!)
    const logits = rows.logits(state.hidden, firstTokens)
    const isSure = leadOf(best) >= threshold
    if (!sampling) {
      const tokens = units[largestIndex(logits)]!
      return { tokens, drawnFrom: certain(tokens[0]!), isSure }
    }
    const shares = sharesOf(penalize(logits, firstTokens, conversation.tokens, sampling), sampling)
    const drawnFrom = new Map(firstTokens.map((token, index) => [token, shares[index]!]))
    return { tokens: units[drawIndex(shares, random)]!, drawnFrom, isSure }
  }

  let readLast = await prepareContext(trunk, conversation, prompt, tail.ending, turn)
  let count = 0
  for (;;) {
    const drafts: Draft[] = []
    const room = maxTokens - count
    for (;;) {
      if (signal?.aborted) return 'cancelled'
      const read = readLast
      const { isSure, states } = await turn(async () => {
        const state = await read()
        const unit = await draftUnit(state)
        const space = Math.min(room - drafts.length, contextLength - conversation.tokens.length)
        const tokens = unit.tokens.slice(0, Math.max(1, space))
        // What follows a single token is not read before it is needed: it may be the last one that stands.
        const states = tokens.length > 1 ? await readEach(trunk, conversation, tokens) : []
        tokens.forEach((token, i) =>
          drafts.push({
            token,
            hidden: states[i - 1] ?? state.hidden,
            // A word is drawn by its first token; the rest follows from it.
            drawnFrom: i === 0 ? unit.drawnFrom : certain(token),
          }),
        )
        return { isSure: unit.isSure, states }
      })
      const last = drafts.at(-1)!.token
      const hidden = states.at(-1)
      readLast = async () => (hidden ? { hidden } : readTokens(trunk, conversation, [last], tail.ending))
      // In a full context the next token can't be read.
      const isFull =
        drafts.length >= Math.min(longestDraft, room) || conversation.tokens.length === contextLength
      if (isFull || !isSure || stopTokens.includes(last)) break
    }
    const before = conversation.tokens.slice(0, prompt.length + count)
    const verified = await turn(() => verify(head, drafts, before, sampling, random))
    for (const token of verified) {
      if (stopTokens.includes(token)) return 'stop'
      yield token
      if (++count === maxTokens) return 'length'
    }
    const stands = prompt.length + count
    const isRead = conversation.tokens.length === stands && conversation.tokens.at(-1) === verified.at(-1)
    if (isRead) continue
    // All but the last of the verified tokens have been read; what was drafted beyond them is forgotten.
    const known = stands - 1
    if (known === contextLength) return 'context'
    const standing = [...conversation.tokens.slice(0, known), verified.at(-1)!]
    readLast = await prepareContext(trunk, conversation, standing, tail.ending, turn)
  }
}

/**
 * The tokens that stand: the drafted ones up to the first that the base model doesn't confirm, and what it puts
 * in that one's place.
 *
 * @param before the tokens that the first draft follows
 */
async function verify(
  head: BaseHead,
  drafts: readonly Draft[],
  before: readonly number[],
  sampling: Sampling | null,
  random: Random,
): Promise<number[]> {
  const states = stackRows(drafts.map(({ hidden }) => hidden))
  const tokens = drafts.map(({ token }) => token)
  if (!sampling) {
    const choices = await head.greedyRows(states)
    const wrong = tokens.findIndex((token, row) => token !== choices[row])
    return wrong < 0 ? tokens : [...tokens.slice(0, wrong), choices[wrong]!]
  }
  const logits = await head.logits(states)
  const size = logits.length / drafts.length
  for (const [row, { token, drawnFrom }] of drafts.entries()) {
    const context = [...before, ...tokens.slice(0, row)]
    const own = penalize(logits.subarray(row * size, (row + 1) * size), null, context, sampling)
    const shares = sharesOf(own, sampling)
    if (random.uniform() * drawnFrom.get(token)! < shares[token]!) continue
    for (const [drafted, share] of drawnFrom) shares[drafted] = Math.max(0, shares[drafted]! - share)
    const total = shares.reduce((sum, share) => sum + share, 0)
    return [
      ...tokens.slice(0, row),
      drawIndex(
        shares.map((share) => share / total),
        random,
      ),
    ]
  }
  return tokens
}
