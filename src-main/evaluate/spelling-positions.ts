import { marginOf } from '../decode/gated.ts'
import { largestIndex } from '../decode/sampling.ts'
import type { HeadRows } from '../models/head-rows.ts'
import type { Device } from '../runtime/devices/device.ts'
import { alphabetSize } from '../spelling/alphabet.ts'
import { tokensOf } from '../spelling/speller.ts'
import { bestToken, createTrieSearch } from '../spelling/trie-search.ts'
import type { Spellm } from '../spellm/spellm.ts'
import { createSpellmTail } from '../spellm/spellm-sessions.ts'
import { greedyPicks } from './greedy-predictions.ts'
import type { TeacherForcedMode } from './mode-agreement.ts'
import type { Foretold, Position, PositionReader } from './position.ts'
import { createSpellingDistribution } from './spelling-distribution.ts'

/** How the modes that are measured are set. */
export interface MeasuredModes {
  readonly modes: readonly TeacherForcedMode[]
  /** The n of trie(n). */
  readonly candidates: number
  /** Gated mode's threshold; null: it isn't measured. */
  readonly threshold: number | null
}

/**
 * Follows texts as a SpeLLM whose tail spells every token.
 *
 * @param rows of the base model's LM head; not closed with it
 */
export async function createSpellingPositions(
  spellm: Spellm,
  rows: HeadRows,
  { modes, candidates, threshold }: MeasuredModes,
  device: Device,
): Promise<PositionReader> {
  const { tokenizer, speller, base, weights, samplingWeights } = spellm
  const { hiddenSize: d } = base.architecture
  const headScores = speller.k * alphabetSize(speller.alphabet)
  const search = createTrieSearch(speller)
  const distribution = createSpellingDistribution(speller)
  const listed = Math.max(2, modes.includes('trie') ? candidates : 0)
  const tokenize = (text: string) => tokenizer.encode(text)
  const tail = await createSpellmTail(spellm, weights, { device })
  const samplingTail = samplingWeights && (await createSpellmTail(spellm, samplingWeights, { device }))

  const among = (scores: Float32Array) => {
    const logTotal = distribution.logTotal(scores)
    return (token: number) => distribution.score(scores, token) - logTotal
  }
  const ofSamplingTail = (scores: Float32Array): Foretold => {
    const logTotal = distribution.logTotal(scores)
    const { token: pick, score } = bestToken(search, scores)
    return {
      prediction: { pick, logProbability: score - logTotal },
      logProbability: (token) => distribution.score(scores, token) - logTotal,
    }
  }
  const positionOf = (state: Float32Array, own: Float32Array, choice: number) => {
    const { best, free } = greedyPicks(search, own, listed, tokenize)
    const trieUnit = tokensOf(speller, best[0]!.token)
    const isDoubtful = threshold !== null && marginOf(best) < threshold
    const pick = (mode: TeacherForcedMode): readonly number[] => {
      if (mode === 'trie' && candidates === 0) return trieUnit
      if (mode === 'free') return tokensOf(speller, free)
      if (mode === 'gated') return isDoubtful ? [choice] : trieUnit
      const units = best.slice(0, candidates).map(({ token }) => tokensOf(speller, token))
      const firstTokens = units.map(([first]) => first!)
      return units[largestIndex(rows.logits(state, firstTokens))]!
    }
    const logProbability = among(own)
    const likeliest = trieUnit[0]!
    return {
      picks: modes.map(pick),
      isSpelled: true,
      isDoubtful,
      prediction: { pick: likeliest, logProbability: logProbability(likeliest) },
      logProbability,
      learntLogProbability: null,
      contextRows: 0,
    }
  }
  return {
    ownEvery: 1,
    positions: async function* ({
      isCounted,
      reading: { hidden, choices },
    }): AsyncGenerator<Position | null> {
      const scores = await tail.logProbabilities(hidden)
      const samplingScores = await samplingTail?.logProbabilities(hidden)
      for (let row = 0; row < choices.length; row++) {
        if (isCounted?.[row] === 0) {
          yield null
          continue
        }
        const [from, to] = [row * headScores, (row + 1) * headScores]
        const state = hidden.subarray(row * d, (row + 1) * d)
        const sampling = samplingScores ? ofSamplingTail(samplingScores.subarray(from, to)) : null
        yield { ...positionOf(state, scores.subarray(from, to), choices[row]!), sampling }
      }
    },
    release: async () => {
      await tail.release()
      await samplingTail?.release()
    },
  }
}
