import { countTokens } from '../distill/corpus.ts'
import type { HeadRows } from '../models/head-rows.ts'
import { knownContinuation, longestUnit } from '../spelling/units.ts'
import type { Spellm } from '../spellm/spellm.ts'
import { createCalibrationMeter } from './calibration.ts'
import { createDifferenceSamples } from './difference-samples.ts'
import { loopPositions } from './loops.ts'
import { createDeviationMeter } from './mean-deviation.ts'
import { createAgreementMeter } from './mode-agreement.ts'
import { createPerplexityMeter } from './perplexity.ts'
import type { Position, PositionReader } from './position.ts'
import { createPredictionMeter, probabilityOf } from './prediction-meter.ts'
import type { ReadWindow, TextWindow } from './read-windows.ts'
import type { MeasuredModes } from './spelling-positions.ts'
import type { SpelledPicks, TextEvaluation } from './text-evaluation.ts'
import { createTokenClassifier } from './token-categories.ts'
import { createWordMeter } from './word-exactness.ts'

/** Looks at each position of a text's windows with all meters. */
export interface TextEvaluator {
  window(window: ReadWindow): Promise<void>
  result(): Omit<TextEvaluation, 'storedPerplexity'>
}

/**
 * @param reader follows the text as the SpeLLM
 * @param windows all of the text
 */
export function createTextEvaluator(
  { tokenizer, speller, base, samplingWeights }: Spellm,
  reader: PositionReader,
  rows: HeadRows,
  windows: readonly TextWindow[],
  { modes, candidates, threshold }: MeasuredModes,
): TextEvaluator {
  const { hiddenSize: d, vocabularySize } = base.architecture
  const ids = Int32Array.from(windows.flatMap((window) => [...window.ids]))
  const kindsOf = createTokenClassifier(speller, tokenizer.entries, countTokens(ids, vocabularySize))
  const agreement = createAgreementMeter(modes)
  const words = speller.words.length > 0 ? createWordMeter(modes) : null
  const longest = longestUnit(speller)
  const calibration = createCalibrationMeter()
  const samples = createDifferenceSamples(modes, tokenizer, rows)
  const likelihoods = createLikelihoods(reader.ownEvery)
  const spelled = createSpelledCounter()
  const trie = modes.indexOf('trie')
  let positions = 0
  let baseSteps = 0
  let contextRows = 0
  let looked = 0
  const lookAt = (window: number, read: ReadWindow, row: number, isLoop: boolean, position: Position) => {
    const { choices, hidden } = read.reading
    const choice = choices[row]!
    const kinds = kindsOf(choice)
    positions++
    if (position.isDoubtful) baseSteps++
    contextRows += position.contextRows
    const agrees = position.picks.map(([token]) => token === choice)
    agreement.add(window, agrees, kinds, isLoop)
    if (trie >= 0) spelled.add(position.isSpelled, agrees[trie]!, isLoop)
    if (words) {
      const known = knownContinuation({ ids: read.ids, choices, windowTokens: read.ids.length }, row, longest)
      words.add(window, position.picks, known)
    }
    calibration.add(probabilityOf(position.prediction), position.prediction.pick === choice)
    likelihoods.add(window, read, row, position)
    const [context, state] = [read.ids.subarray(0, row + 1), hidden.subarray(row * d, (row + 1) * d)]
    samples.add({ position, choice, kinds, context, state })
  }
  return {
    window: async (read) => {
      const window = looked++
      const isLoop = loopPositions(read.ids)
      let row = 0
      for await (const position of reader.positions(read)) {
        if (position) lookAt(window, read, row, isLoop[row] === 1, position)
        row++
      }
    },
    result: () => {
      const { samplingTail, ...found } = likelihoods.result()
      return {
        agreement: agreement.result(),
        candidates: modes.includes('trie') ? candidates : null,
        spelled: trie < 0 ? null : spelled.result(),
        gatedBaseShare: threshold === null ? null : baseSteps / positions,
        contextRows: contextRows / positions,
        words: words?.result() ?? null,
        ...found,
        calibration: calibration.result(),
        samplingTail: samplingWeights && samplingTail,
        ...samples.result(),
      }
    },
  }
}

/** Counts picks that were spelled, and those of them that are right. */
function createSpelledCounter() {
  const all = { positions: 0, spelled: 0, right: 0, plain: 0, plainRight: 0 }
  const shareOf = (part: number, of: number) => (of === 0 ? null : part / of)
  return {
    add: (isSpelled: boolean, isRight: boolean, isLoop: boolean) => {
      all.positions++
      if (!isSpelled) return
      all.spelled++
      all.right += Number(isRight)
      if (isLoop) return
      all.plain++
      all.plainRight += Number(isRight)
    },
    result: (): SpelledPicks => ({
      share: all.spelled / Math.max(1, all.positions),
      agreement: shareOf(all.right, all.spelled),
      agreementNoLoops: shareOf(all.plainRight, all.plain),
    }),
  }
}

/**
 * Collects how likely both models think the tokens that follow.
 *
 * @param ownEvery one position in this many is asked for probabilities that add up to 1
 */
function createLikelihoods(ownEvery: number) {
  const perplexity = createPerplexityMeter()
  const learnt = createPerplexityMeter()
  const learntError = createDeviationMeter()
  const baseTextCalibration = createCalibrationMeter()
  const own = createPredictionMeter()
  const sampling = createPredictionMeter()
  const baseOnSaid = createPerplexityMeter()
  let followed = 0
  let unsaidTokens = 0
  let hasLearnt = false
  return {
    add: (window: number, { ids, reading }: ReadWindow, row: number, position: Position) => {
      const { choices, choiceLogProbabilities, nextLogProbabilities } = reading
      const { prediction, learntLogProbability, sampling: ofSampling } = position
      const choice = choices[row]!
      if (row + 1 >= ids.length) return
      const next = ids[row + 1]!
      const ofBase = nextLogProbabilities[row]!
      perplexity.add(window, ofBase)
      baseTextCalibration.add(Math.exp(choiceLogProbabilities[row]!), choice === next)
      if (learntLogProbability) {
        hasLearnt = true
        const ofLearnt = learntLogProbability(next)
        learnt.add(window, ofLearnt)
        // The token's logit is the same in both, so what is left is what the normalisers differ by.
        learntError.add(ofBase - ofLearnt)
      }
      own.addPick(prediction, next)
      if (ofSampling) {
        sampling.addPick(ofSampling.prediction, next)
        sampling.addNext(window, ofSampling.logProbability(next))
      }
      if (followed++ % ownEvery !== 0) return
      const logProbability = position.logProbability(next)
      own.addNext(window, logProbability)
      if (logProbability === -Infinity) unsaidTokens++
      else baseOnSaid.add(window, ofBase)
    },
    result: () => {
      const { perplexity: ownPerplexity, textCalibration } = own.result()
      return {
        perplexity: perplexity.result(),
        learntPerplexity: hasLearnt ? { ...learnt.result(), error: learntError.result() } : null,
        spellmPerplexity: {
          ...ownPerplexity,
          basePerplexity: baseOnSaid.result().perplexity.value,
          unsaidTokens,
        },
        textCalibration: { base: baseTextCalibration.result(), spellm: textCalibration },
        samplingTail: sampling.result(),
      }
    },
  }
}
