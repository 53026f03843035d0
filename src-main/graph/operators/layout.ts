import { addDimensions, elementCount, sameShape, type Shape } from '../dimension.ts'
import {
  createNode,
  createSingleOutputNode,
  describeShape,
  GraphError,
  int64Vector,
  normalizeAxis,
  requireSameDType,
  scalar,
  staticSize,
  type Value,
} from '../value.ts'

/**
 * The same elements in another shape. A shape with named sizes may differ from the old one in at most
 * one named dimension besides those that stay in place. Throws GraphError on another element count.
 */
export function reshape(x: Value, shape: Shape): Value {
  // Of several in a row, the last one is enough.
  if (x.source.kind === 'node' && x.source.node.operator === 'Reshape')
    return reshape(x.source.node.inputs[0]!, shape)
  if (sameShape(x.shape, shape)) return x
  if (elementCount(x.shape) !== elementCount(shape))
    throw new GraphError(
      `Reshape: ${describeShape(x.shape)} has not as many elements as ${describeShape(shape)}`,
    )
  // ONNX: 0 copies the size in that place, −1 is inferred.
  const target = shape.map((size, axis) =>
    typeof size === 'number' ? size : size === x.shape[axis] ? 0 : -1,
  )
  if (target.filter((size) => size === -1).length > 1)
    throw new GraphError(`Reshape: ${describeShape(shape)} has more than one named size to infer`)
  return createSingleOutputNode('Reshape', [x, int64Vector(target)], shape)
}

/** Axis i of the result is axis `permutation[i]` of x. */
export function transpose(x: Value, permutation: readonly number[]): Value {
  const isPermutation = x.shape.every((_, axis) => permutation.includes(axis))
  if (permutation.length !== x.shape.length || !isPermutation)
    throw new GraphError(`Transpose: [${permutation.join(', ')}] does not permute ${describeShape(x.shape)}`)
  return createSingleOutputNode(
    'Transpose',
    [x],
    permutation.map((axis) => x.shape[axis]!),
    { attributes: { perm: permutation } },
  )
}

/** Exchanges the last two axes. */
export function transposeMatrix(x: Value): Value {
  const rank = x.shape.length
  return transpose(x, [...Array.from({ length: rank - 2 }, (_, axis) => axis), rank - 1, rank - 2])
}

/** x repeated along axes of size 1 up to `shape`. */
export function expand(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x
  const target = shape.map((size) => staticSize('Expand', size))
  return createSingleOutputNode('Expand', [x, int64Vector(target)], shape)
}

/** A float32 tensor of zeros. */
export function zeros(shape: Shape): Value {
  return expand(scalar(0), shape)
}

/** Joins tensors along `axis`. */
export function concat(values: readonly Value[], axis: number): Value {
  const [first, ...others] = values
  if (!first) throw new GraphError('Concat: no tensors given')
  if (others.length === 0) return first
  requireSameDType('Concat', ...values)
  const joined = normalizeAxis('Concat', axis, first.shape.length)
  for (const other of others)
    if (
      other.shape.length !== first.shape.length ||
      other.shape.some((size, i) => i !== joined && size !== first.shape[i])
    )
      throw new GraphError(
        `Concat: ${describeShape(first.shape)} and ${describeShape(other.shape)} differ in other axes than ${joined}`,
      )
  const shape = first.shape.map((size, i) =>
    i === joined ? values.map((v) => v.shape[i]!).reduce(addDimensions) : size,
  )
  return createSingleOutputNode('Concat', values, shape, { attributes: { axis: joined } })
}

/** Cuts x along `axis` into pieces of the given sizes; at most one of them may be a named size. */
export function split(x: Value, axis: number, sizes: readonly (number | string)[]): readonly Value[] {
  const cut = normalizeAxis('Split', axis, x.shape.length)
  if (sizes.reduce(addDimensions, 0) !== x.shape[cut])
    throw new GraphError(
      `Split: sizes [${sizes.join(', ')}] do not add up to axis ${cut} of ${describeShape(x.shape)}`,
    )
  const outputs = sizes.map((size) => ({
    shape: x.shape.map((old, i) => (i === cut ? size : old)),
    dtype: x.dtype,
  }))
  return createNode('Split', [x, int64Vector(sizes.map((size) => staticSize('Split', size)))], {
    attributes: { axis: cut },
    outputs,
  })
}

/** The first column of x [rows, columns], also where it has no other by its shape. */
export function firstColumn(x: Value): Value {
  return createSingleOutputNode(
    'Slice',
    [x, int64Vector([0]), int64Vector([1]), int64Vector([1])],
    [x.shape[0]!, 1],
  )
}

/** Elements `start` (inclusive) to `end` (exclusive) along `axis`. */
export function slice(x: Value, axis: number, start: number, end: number): Value {
  const cut = normalizeAxis('Slice', axis, x.shape.length)
  const size = staticSize('Slice', x.shape[cut])
  if (start < 0 || end <= start || end > size)
    throw new GraphError(`Slice: ${start} to ${end} is outside of axis ${cut} of ${describeShape(x.shape)}`)
  if (start === 0 && end === size) return x
  return createSingleOutputNode(
    'Slice',
    [x, int64Vector([start]), int64Vector([end]), int64Vector([cut])],
    x.shape.with(cut, end - start),
  )
}
