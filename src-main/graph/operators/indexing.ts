import { sameShape } from '../dimension.ts'
import { createSingleOutputNode, describeShape, GraphError, normalizeAxis, type Value } from '../value.ts'

/**
 * Rows of `table` [rows, …] at integer `indices` [..i]: [..i, …]. The gradient adds the cotangents of
 * repeated rows. Indices (int32 or int64) must lie in 0..rows−1; onnxruntime refuses others at run time.
 */
export function gatherRows(table: Value, indices: Value): Value {
  const rowShape = table.shape.slice(1)
  return createSingleOutputNode('Gather', [table, indices], [...indices.shape, ...rowShape], {
    dtype: table.dtype,
    attributes: { axis: 0 },
  })
}

/** `table` with `rows` [n, …] added at `indices` [n, 1] (int64) of the first axis. Not differentiable here. */
export function scatterAddRows(table: Value, indices: Value, rows: Value): Value {
  return createSingleOutputNode('ScatterND', [table, indices, rows], table.shape, {
    attributes: { reduction: 'add' },
  })
}

/** x at `indices` along `axis`, all other axes in step: the shapes differ in `axis` only. */
export function gatherElements(x: Value, indices: Value, axis: number): Value {
  const along = normalizeAxis('GatherElements', axis, x.shape.length)
  if (!sameShape(x.shape.with(along, 0), indices.shape.with(along, 0)))
    throw new GraphError(
      `GatherElements: ${describeShape(indices.shape)} does not index ${describeShape(x.shape)}`,
    )
  return createSingleOutputNode('GatherElements', [x, indices], indices.shape, {
    attributes: { axis: along },
  })
}

/** x with `updates` added at `indices` along `axis`. Not differentiable here. */
export function scatterAddElements(x: Value, indices: Value, updates: Value, axis: number): Value {
  return createSingleOutputNode('ScatterElements', [x, indices, updates], x.shape, {
    attributes: { axis: normalizeAxis('ScatterElements', axis, x.shape.length), reduction: 'add' },
  })
}
