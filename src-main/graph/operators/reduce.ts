import {
  createNode,
  createSingleOutputNode,
  int64Vector,
  normalizeAxis,
  staticSize,
  type Value,
} from '../value.ts'
import { multiply } from './elementwise.ts'
import { expand, reshape } from './layout.ts'

export interface ReduceOptions {
  /** Keep the reduced axes with size 1. */
  readonly keepAxes?: boolean
}

function reducedShapes(operator: string, x: Value, axes: readonly number[]) {
  const reduced = new Set(axes.map((axis) => normalizeAxis(operator, axis, x.shape.length)))
  return {
    kept: x.shape.map((size, axis) => (reduced.has(axis) ? 1 : size)),
    dropped: x.shape.filter((_, axis) => !reduced.has(axis)),
  }
}

const allAxes = (x: Value) => x.shape.map((_, axis) => axis)

/** Sum over `axes` (default: all). */
export function reduceSum(
  x: Value,
  axes: readonly number[] = allAxes(x),
  { keepAxes = false }: ReduceOptions = {},
): Value {
  const { kept, dropped } = reducedShapes('ReduceSum', x, axes)
  return createSingleOutputNode('ReduceSum', [x, int64Vector(axes)], keepAxes ? kept : dropped, {
    attributes: { keepdims: Number(keepAxes) },
    vjp: (d) => [expand(reshape(d, kept), x.shape), null],
  })
}

/** Mean over `axes` (default: all), whose sizes must be known before the run. */
export function reduceMean(
  x: Value,
  axes: readonly number[] = allAxes(x),
  { keepAxes = false }: ReduceOptions = {},
): Value {
  const { kept, dropped } = reducedShapes('ReduceMean', x, axes)
  const count = axes.reduce((product, axis) => product * staticSize('ReduceMean', x.shape.at(axis)), 1)
  return createSingleOutputNode('ReduceMean', [x, int64Vector(axes)], keepAxes ? kept : dropped, {
    attributes: { keepdims: Number(keepAxes) },
    vjp: (d) => [expand(reshape(multiply(d, 1 / count), kept), x.shape), null],
  })
}

/** Maximum over `axes`. Not differentiable here. */
export function reduceMax(
  x: Value,
  axes: readonly number[],
  { keepAxes = false }: ReduceOptions = {},
): Value {
  const { kept, dropped } = reducedShapes('ReduceMax', x, axes)
  return createSingleOutputNode('ReduceMax', [x, int64Vector(axes)], keepAxes ? kept : dropped, {
    attributes: { keepdims: Number(keepAxes) },
  })
}

/** Sum of squares of all elements, rank 0; d(Σx²) = 2x. */
export function sumOfSquares(x: Value): Value {
  return createSingleOutputNode('ReduceSumSquare', [x], [], {
    attributes: { keepdims: 0 },
    vjp: (d) => [multiply(multiply(d, 2), x)],
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
