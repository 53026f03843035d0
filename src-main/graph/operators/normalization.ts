import type { Value } from '../value.ts'
import { add, multiply, reciprocal, sqrt, subtract } from './elementwise.ts'
import { reduceMean } from './reduce.ts'
import { withGradient } from '../value.ts'

/**
 * x / √(mean(x²) + epsilon) over the last axis (RMSNorm, Zhang & Sennrich 2019, without its weight).
 * With r the reciprocal root: dx = r (dy − y · mean(dy ⊙ y)).
 *
 * A composite: the inverse deviation that onnxruntime's fused operator returns is wrong on WebGPU.
 */
export function rmsNormalize(x: Value, epsilon: number): Value {
  const inverse = reciprocal(sqrt(add(reduceMean(multiply(x, x), [-1], { keepAxes: true }), epsilon)))
  const y = multiply(x, inverse)
  return withGradient(y, [x], (d) => [
    multiply(inverse, subtract(d, multiply(y, reduceMean(multiply(d, y), [-1], { keepAxes: true })))),
  ])
}
