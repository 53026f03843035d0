import { createCalibrationMeter } from './calibration.ts'
import { createPerplexityMeter } from './perplexity.ts'
import type { Prediction } from './position.ts'

/** A probability that rounding, or a log-normaliser that is learnt, may have lifted above 1. */
export const probabilityOf = ({ logProbability }: Prediction) => Math.min(1, Math.exp(logProbability))

/** Collects how well a tail's probabilities of tokens predict a text. */
export function createPredictionMeter() {
  const perplexity = createPerplexityMeter()
  const calibration = createCalibrationMeter()
  return {
    addPick: (prediction: Prediction, next: number) => {
      calibration.add(probabilityOf(prediction), prediction.pick === next)
    },
    /** @param logProbability of the token that follows in the text; −∞: the SpeLLM never says it */
    addNext: (window: number, logProbability: number) => {
      if (logProbability !== -Infinity) perplexity.add(window, logProbability)
    },
    result: () => ({ perplexity: perplexity.result(), textCalibration: calibration.result() }),
  }
}
