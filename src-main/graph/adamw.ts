import { sameShape } from './dimension.ts'
import { add, divide, minimum, multiply, sqrt, subtract } from './operators/elementwise.ts'
import { sumOfSquares } from './operators/reduce.ts'
import { describeShape, GraphError, type Value } from './value.ts'

/** Inputs of one AdamW step t (counted from 1), all float32 of rank 0: the schedule lives outside of the graph. */
export interface AdamWSchedule {
  /** α / (1 − β₁ᵗ), α the learning rate of this step. */
  readonly stepSize: Value
  /** 1 / (1 − β₂ᵗ). */
  readonly secondMomentCorrection: Value
  /** 1 − α λ, λ the weight decay; 1 where a parameter does not decay. */
  readonly decay: Value
}

export interface AdamWHyperparameters {
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
}

/**
 * One step of AdamW (Loshchilov & Hutter 2019, algorithm 2; the epsilon outside of the bias correction's
 * root as in PyTorch):
 *
 *     m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²
 *     p ← p (1 − α λ) − α m̂ / (√v̂ + ε)
 *
 * All of parameter, gradient, moments and results are float32 of one shape.
 */
export function adamWUpdate(
  parameter: Value,
  gradient: Value,
  moments: { readonly first: Value; readonly second: Value },
  schedule: AdamWSchedule,
  { beta1, beta2, epsilon }: AdamWHyperparameters,
): { readonly parameter: Value; readonly first: Value; readonly second: Value } {
  for (const other of [gradient, moments.first, moments.second])
    if (!sameShape(other.shape, parameter.shape))
      throw new GraphError(
        `adamWUpdate: ${describeShape(other.shape)} for a parameter of ${describeShape(parameter.shape)}`,
      )
  const first = add(multiply(moments.first, beta1), multiply(gradient, 1 - beta1))
  const second = add(multiply(moments.second, beta2), multiply(multiply(gradient, gradient), 1 - beta2))
  const deviation = add(sqrt(multiply(second, schedule.secondMomentCorrection)), epsilon)
  const step = divide(multiply(first, schedule.stepSize), deviation)
  return { parameter: subtract(multiply(parameter, schedule.decay), step), first, second }
}

/** √Σ‖gᵢ‖², the norm of all gradients together, rank 0. */
export function globalNorm(gradients: readonly Value[]): Value {
  return sqrt(gradients.map(sumOfSquares).reduce(add))
}

/** The factor min(1, maxNorm / (norm + 10⁻⁶)) of global-norm clipping, as PyTorch's clip_grad_norm_ has it. */
export function clipScale(norm: Value, maxNorm: number): Value {
  return minimum(divide(maxNorm, add(norm, 1e-6)), 1)
}
