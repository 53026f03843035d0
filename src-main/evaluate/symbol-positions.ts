import { givenLogProbability } from '../decode/first-choice.ts'
import { symbolFreeChooser, symbolTrieChooser } from '../decode/symbol-choosers.ts'
import type { HeadRows } from '../models/head-rows.ts'
import type { LastPosition } from '../models/trunk-session.ts'
import type { Device } from '../runtime/devices/device.ts'
import type { Spellm } from '../spellm/spellm.ts'
import type { Position, PositionReader } from './position.ts'
import type { MeasuredModes } from './spelling-positions.ts'
import { symbolDistribution } from './symbol-distribution.ts'
import { createSymbolReader, type SymbolText } from './symbol-text.ts'

/** Positions that are asked for a distribution over all tokens: each visits the whole trie. */
const distributions = 4_096

/**
 * Follows texts as a SpeLLM with token symbols, each window a text with a context of its own.
 *
 * @param rows of the base model's LM head; not closed with it
 * @param total positions that will be read
 */
export async function createSymbolPositions(
  spellm: Spellm,
  rows: HeadRows,
  { modes, candidates, threshold }: MeasuredModes,
  total: number,
  device: Device,
): Promise<PositionReader> {
  const reader = await createSymbolReader(spellm, rows, device)
  const { hiddenSize: d } = spellm.base.architecture
  const { first } = reader
  const distribution = symbolDistribution(first)
  const tokenize = (text: string) => spellm.tokenizer.encode(text)

  const follow = (text: SymbolText) => {
    let isSpelled = false
    const trie = symbolTrieChooser({ ...text, rows, onSpelled: () => (isSpelled = true) }, candidates)
    const free = symbolFreeChooser(text, tokenize, null)
    return async (state: LastPosition, choice: number): Promise<Position> => {
      const step = await first.look(state, text.context)
      const { scores, exact } = step
      const { token, doubt } = first.choose(scores, exact, text.picker, text.tokens.length)
      const isDoubtful = threshold !== null && doubt >= threshold
      isSpelled = false
      const ofTrie = await trie.choose(state, text.tokens)
      const picks = {
        trie: ofTrie,
        free: modes.includes('free') ? await free.choose(state, text.tokens) : [],
        gated: [isDoubtful ? choice : token],
      }
      const normaliser = first.logNormaliser(scores, exact)
      const learntLogProbability = (wanted: number) =>
        givenLogProbability(rows.logits(state.hidden, [wanted])[0]!, normaliser)
      let own: ((token: number) => number) | null = null
      return {
        picks: modes.map((mode) => picks[mode]),
        isSpelled,
        isDoubtful,
        prediction: { pick: ofTrie[0]!, logProbability: learntLogProbability(ofTrie[0]!) },
        logProbability: (wanted) => (own ??= distribution(state, step))(wanted),
        learntLogProbability,
        contextRows: exact.count,
        sampling: null,
      }
    }
  }
  return {
    ownEvery: Math.max(1, Math.ceil(total / distributions)),
    positions: async function* ({ ids, isCounted, reading: { hidden, choices } }) {
      const scores = await reader.scores(hidden)
      const text = reader.createText()
      const lookAt = follow(text)
      let unread: number[] = []
      for (const [row, token] of ids.entries()) {
        unread.push(token)
        if (isCounted?.[row] === 0) {
          yield null
          continue
        }
        const state = text.read(unread, hidden.subarray(row * d, (row + 1) * d), scores[row]!)
        unread = []
        yield await lookAt(state, choices[row]!)
      }
    },
    release: () => reader.release(),
  }
}
