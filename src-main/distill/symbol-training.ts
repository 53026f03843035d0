import {
  add,
  concat,
  input,
  logSumExp,
  multiply,
  reduceMean,
  reduceSum,
  reshape,
  slice,
  softmaxCrossEntropy,
  subtract,
  type DType,
  type Value,
} from '../graph/index.ts'
import { widen } from '../models/blocks.ts'
import { anchored } from '../models/symbol-tail.ts'
import { tailLogits, type TailShape } from '../models/tail.ts'
import type { Parameter, TrainingGraph } from '../runtime/trainer/index.ts'
import { correctWeight, tailParameters } from './tail-training.ts'

/**
 * The graph that learns a tail with token symbols from `tokens` positions at a time. Inputs: `hidden` [tokens, d], and those
 * of `symbolLoss`.
 */
export function symbolTrainingGraph(
  shape: TailShape,
  tokens: number,
  dtype: DType = 'float16',
): TrainingGraph {
  const hidden = widen(input('hidden', [tokens, shape.hiddenSize], dtype))
  return symbolLoss(shape, tailParameters(shape), hidden, dtype)
}

/**
 * What a tail with token symbols learns at some positions. Inputs: of `PositionTargets`, `firstTargets` [tokens, A],
 * `exactLogSum` and `offset` [tokens, 1]; for the spellings of the drawn tokens, `symbols` int32 [tokens · k, 1], the weights
 * of the loss `weights` [tokens · k, 1], 0 for the first head, and those that accuracies are counted with, `counted`
 * [tokens · k, 1].
 *
 * The loss is the mean over positions of KL(base ‖ tail) of the first distribution, plus the weighted cross-entropy of
 * the heads after the first. Metrics: `divergence`, the first part; `correct` [k], as `tailTrainingGraph` has it.
 *
 * @param parameters the tail's, perhaps with those of what makes its states
 * @param hidden what the tail reads, float32 [tokens, d]
 * @param dtype of `firstTargets`
 */
export function symbolLoss(
  shape: TailShape,
  parameters: ReadonlyMap<string, Parameter>,
  hidden: Value,
  dtype: DType,
): TrainingGraph {
  const { k, alphabetSize } = shape
  const tokens = Number(hidden.shape[0])
  const logits = tailLogits(shape, (name) => parameters.get(name)!.value, hidden, 'training')
  const learnt = reshape(slice(reshape(logits, [tokens, k * alphabetSize]), 1, 0, alphabetSize), [
    tokens,
    alphabetSize,
  ])
  const column = (name: string) => input(name, [tokens, 1])
  const exactLogSum = column('exactLogSum')
  const first = anchored(shape, learnt, exactLogSum)
  const targets = widen(input('firstTargets', [tokens, alphabetSize], dtype))
  const logNormalizer = logSumExp(concat([exactLogSum, first], 1))
  const expected = reduceSum(multiply(targets, first), [1], { keepAxes: true })
  const divergence = reduceMean(add(subtract(logNormalizer, expected), column('offset')))
  const rows = tokens * k
  const symbols = input('symbols', [rows, 1], 'int32')
  const spelling = softmaxCrossEntropy(logits, symbols, input('weights', [rows, 1]))
  return {
    loss: add(divergence, spelling),
    parameters,
    metrics: { divergence, correct: correctWeight(logits, symbols, input('counted', [rows, 1]), k) },
  }
}
