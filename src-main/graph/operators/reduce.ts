import {
  createNode,
  createSingleOutputNode,
  int64Vector,
  normalizeAxis,
  staticSize,
  type Value,
} from '../value.ts'
import type { Operator } from '../operator.ts'

export interface ReduceOptions {
  /** Keep the reduced axes with size 1. */
  readonly keepAxes?: boolean
}

/** A reduction of x over `axes`. */
function reduce(
  operator: Operator,
  x: Value,
  axes: readonly number[],
  { keepAxes = false }: ReduceOptions,
): Value {
  const reduced = new Set(axes.map((axis) => normalizeAxis(operator, axis, x.shape.length)))
  const shape = keepAxes
    ? x.shape.map((size, axis) => (reduced.has(axis) ? 1 : size))
    : x.shape.filter((_, axis) => !reduced.has(axis))
  return createSingleOutputNode(operator, [x, int64Vector(axes)], shape, {
    attributes: { keepdims: Number(keepAxes) },
  })
}

const allAxes = (x: Value) => x.shape.map((_, axis) => axis)

/** Sum over `axes` (default: all). */
export function reduceSum(
  x: Value,
  axes: readonly number[] = allAxes(x),
  options: ReduceOptions = {},
): Value {
  return reduce('ReduceSum', x, axes, options)
}

/** Mean over `axes` (default: all), whose sizes must be known before the run. */
export function reduceMean(
  x: Value,
  axes: readonly number[] = allAxes(x),
  options: ReduceOptions = {},
): Value {
  for (const axis of axes) staticSize('ReduceMean', x.shape.at(axis))
  return reduce('ReduceMean', x, axes, options)
}

/** Maximum over `axes`. Not differentiable here. */
export function reduceMax(x: Value, axes: readonly number[], options: ReduceOptions = {}): Value {
  return reduce('ReduceMax', x, axes, options)
}

/** Sum of squares of all elements, rank 0; d(Σx²) = 2x. */
export function sumOfSquares(x: Value): Value {
  return createSingleOutputNode('ReduceSumSquare', [x], [], {
    attributes: { keepdims: 0 },
  })
}

/**
 * log Σ exp(x) over the last axis, which stays with size 1, in one operator: it takes no memory of the size of x, as
 * `logSumExp` does twice, and is right to some ten-thousandths. Not differentiable here.
 */
export function reduceLogSumExp(x: Value): Value {
  return createSingleOutputNode('ReduceLogSumExp', [x, int64Vector([-1])], x.shape.with(-1, 1), {
    attributes: { keepdims: 1 },
  })
}

/** Index of the largest element along the last axis (the first one on a tie), int64. */
export function argMax(x: Value): Value {
  return createSingleOutputNode('ArgMax', [x], x.shape.slice(0, -1), {
    dtype: 'int64',
    attributes: { axis: -1, keepdims: 0 },
  })
}

/**
 * The `count` largest elements along the last axis, largest first, ties by index, and where they stand (int64). Not
 * differentiable here.
 */
export function topK(x: Value, count: number): { readonly values: Value; readonly indices: Value } {
  const shape = x.shape.with(-1, count)
  const [values, indices] = createNode('TopK', [x, int64Vector([count])], {
    attributes: { axis: -1, largest: 1, sorted: 1 },
    outputs: [
      { shape, dtype: x.dtype },
      { shape, dtype: 'int64' },
    ],
  })
  return { values: values!, indices: indices! }
}
