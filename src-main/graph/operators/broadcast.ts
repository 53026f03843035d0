import { sameShape } from '../dimension.ts'
import type { Value } from '../value.ts'
import { reshape } from './layout.ts'
import { reduceSum } from './reduce.ts'

/** Sums a cotangent over the axes along which `like` was broadcast: the transpose of broadcasting. */
export function unbroadcast(cotangent: Value, like: Value): Value {
  if (sameShape(cotangent.shape, like.shape)) return cotangent
  const added = cotangent.shape.length - like.shape.length
  const axes = cotangent.shape.flatMap((size, axis) =>
    axis < added || (like.shape[axis - added] === 1 && size !== 1) ? [axis] : [],
  )
  return reshape(reduceSum(cotangent, axes, { keepAxes: true }), like.shape)
}
