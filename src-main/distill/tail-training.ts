import {
  cast,
  gatherElements,
  greaterOrEqual,
  input,
  multiply,
  reduceMax,
  reduceSum,
  reshape,
  softmaxCrossEntropy,
  type DType,
  type Value,
} from '../graph/index.ts'
import { widen } from '../models/blocks.ts'
import { tailLogits, tailParameterShapes, type TailShape } from '../models/tail.ts'
import type { Parameter, TrainingGraph } from '../runtime/trainer/index.ts'

/**
 * The graph that learns a tail from `tokens` positions at a time. Inputs: `hidden` [tokens, d], `symbols`
 * int32 [tokens · k, 1], `weights` float32 [tokens · k, 1] that add up to 1 (0: not counted).
 *
 * The loss is Σ weight · cross-entropy over positions and heads: hard cross-entropy on the characters of
 * the teacher's choice. The metric `correct` is float32 [k], for each head the sum of the weights where its
 * largest score is the right symbol's.
 */
export function tailTrainingGraph(
  shape: TailShape,
  tokens: number,
  hiddenDtype: DType = 'float16',
): TrainingGraph {
  const parameters = tailParameters(shape)
  const rows = tokens * shape.k
  const hidden = widen(input('hidden', [tokens, shape.hiddenSize], hiddenDtype))
  const logits = tailLogits(shape, (name) => parameters.get(name)!.value, hidden, 'training')
  const symbols = input('symbols', [rows, 1], 'int32')
  const weights = input('weights', [rows, 1])
  return {
    loss: softmaxCrossEntropy(logits, symbols, weights),
    parameters,
    metrics: { correct: correctWeight(logits, symbols, weights, shape.k) },
  }
}

/** A tail's parameters as inputs of a graph. The groups of learning rates are 'adapter' and 'heads'. */
export function tailParameters(shape: TailShape): Map<string, Parameter> {
  return new Map(
    [...tailParameterShapes(shape)].map(([name, size]) => [
      name,
      { value: input(name, size), group: name.split('.')[0]!, decays: !name.endsWith('.bias') },
    ]),
  )
}

/**
 * For each head, the sum of the weights where its largest score is the right symbol's: [k]. Compares floats, not indices:
 * integer comparisons would leave a GPU.
 */
export function correctWeight(logits: Value, symbols: Value, weights: Value, k: number): Value {
  const isLargest = greaterOrEqual(
    gatherElements(logits, symbols, 1),
    reduceMax(logits, [1], { keepAxes: true }),
  )
  const counted = multiply(cast(isLargest, 'float32'), weights)
  const tokens = Number(counted.shape[0]) / k
  return reduceSum(reshape(counted, [tokens, k]), [0])
}
