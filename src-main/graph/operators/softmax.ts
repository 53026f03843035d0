import { sameShape } from '../dimension.ts'
import { createSingleOutputNode, describeShape, GraphError, withGradient, type Value } from '../value.ts'
import { add, divide, exp, log, multiply, negate, subtract } from './elementwise.ts'
import { gatherElements, scatterAddElements } from './indexing.ts'
import { reduceMax, reduceSum } from './reduce.ts'
import { reshape } from './layout.ts'

/** Softmax over the last axis; dx = y ⊙ (dy − Σ dy ⊙ y). */
export function softmax(x: Value): Value {
  return createSingleOutputNode('Softmax', [x], x.shape, { attributes: { axis: -1 } })
}

/** log softmax over the last axis. Not differentiable here: losses use `softmaxCrossEntropy` or `logSumExp`. */
export function logSoftmax(x: Value): Value {
  return createSingleOutputNode('LogSoftmax', [x], x.shape, { attributes: { axis: -1 } })
}

/**
 * log Σⱼ exp(xᵢⱼ) over the last axis, which stays with size 1; dx = dy ⊙ softmax(x).
 *
 * A composite, since LogSoftmax drags logits from a GPU to the CPU.
 */
export function logSumExp(x: Value): Value {
  const max = reduceMax(x, [-1], { keepAxes: true })
  const sums = reduceSum(exp(subtract(x, max)), [-1], { keepAxes: true })
  return withGradient(add(log(sums), max), [x], (d) => [multiply(softmax(x), d)])
}

/**
 * Σ weightᵢ · (log Σⱼ exp(logitsᵢⱼ) − logits[i, targetᵢ]), rank 0: weight 0 ignores a row, and weights
 * that add up to 1 make it a mean. Differentiable in the logits: weightᵢ (softmax(logits)ᵢ − onehotᵢ).
 *
 * A composite, since the fused operator drags logits from a GPU to the CPU.
 *
 * @param logits float32 [rows, classes]
 * @param targets int32 [rows, 1], each within 0..classes−1, also in ignored rows
 * @param weights float32 [rows, 1]
 */
export function softmaxCrossEntropy(logits: Value, targets: Value, weights: Value): Value {
  const rows = logits.shape[0]!
  if (
    logits.shape.length !== 2 ||
    !sameShape(targets.shape, [rows, 1]) ||
    !sameShape(weights.shape, [rows, 1])
  )
    throw new GraphError(
      `softmaxCrossEntropy: logits ${describeShape(logits.shape)} need targets and weights [${rows}, 1], ` +
        `got ${describeShape(targets.shape)} and ${describeShape(weights.shape)}`,
    )
  const max = reduceMax(logits, [1], { keepAxes: true })
  const exponentials = exp(subtract(logits, max))
  const sums = reduceSum(exponentials, [1], { keepAxes: true })
  const losses = subtract(add(log(sums), max), gatherElements(logits, targets, 1))
  const loss = reshape(reduceSum(multiply(losses, weights)), [])
  return withGradient(loss, [logits], (d) => {
    const scale = multiply(weights, d)
    return [scatterAddElements(multiply(exponentials, divide(scale, sums)), targets, negate(scale), 1)]
  })
}
