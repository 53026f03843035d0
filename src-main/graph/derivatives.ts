import { staticElementCount, type Shape } from './dimension.ts'
import type { Operator } from './operator.ts'
import { unbroadcast } from './operators/broadcast.ts'
import { cast, divide, multiply, negate, subtract } from './operators/elementwise.ts'
import { scatterAddElements, scatterAddRows } from './operators/indexing.ts'
import { concat, expand, reshape, split, transpose, zeros } from './operators/layout.ts'
import { productCotangents } from './operators/matmul.ts'
import { reduceSum } from './operators/reduce.ts'
import { normalizeAxis, staticSize, type DType, type Node, type Value } from './value.ts'

/**
 * The vector-Jacobian product of an operator: from the cotangents of a node's outputs (null: none arrived) to those of its
 * inputs (null, or none: not differentiable in that input). Null: not differentiable at all.
 */
type Rule = (node: Node, cotangents: readonly (Value | null)[]) => readonly (Value | null)[] | null

/** What a rule goes by: inputs and output of the node and the output's cotangent. */
interface Differentiated {
  readonly d: Value
  /** The first input, and the second where there is one. */
  readonly x: Value
  readonly b: Value
  readonly y: Value
  readonly node: Node
}

/** The rule of an operator with one output. */
const rule =
  (vjp: (of: Differentiated) => readonly (Value | null)[] | null): Rule =>
  (node, [d]) =>
    vjp({ d: d!, x: node.inputs[0]!, b: node.inputs[1]!, y: node.outputs[0]!, node })

/** The rule of an operator with two inputs that are broadcast. */
const broadcast = (vjp: (of: Differentiated) => readonly [Value, Value]): Rule =>
  rule((of) => {
    const [dx, db] = vjp(of)
    return [unbroadcast(dx, of.x), unbroadcast(db, of.b)]
  })

/**
 * The derivative of each operator; null: it has none here, either because nobody needs one or because only composites with a
 * derivative of their own use it (`withGradient`). Checked by finite differences and by PyTorch.
 */
export const derivatives: Readonly<Record<Operator, Rule | null>> = {
  Add: broadcast(({ d }) => [d, d]),
  Sub: broadcast(({ d }) => [d, negate(d)]),
  Mul: broadcast(({ d, x, b }) => [multiply(d, b), multiply(d, x)]),
  Div: broadcast(({ d, x, b }) => [divide(d, b), negate(divide(multiply(d, x), multiply(b, b)))]),
  Neg: rule(({ d }) => [negate(d)]),
  Exp: rule(({ d, y }) => [multiply(d, y)]),
  Log: rule(({ d, x }) => [divide(d, x)]),
  Sqrt: rule(({ d, y }) => [divide(multiply(d, 0.5), y)]),
  Reciprocal: rule(({ d, y }) => [negate(multiply(d, multiply(y, y)))]),
  Sigmoid: rule(({ d, y }) => [multiply(d, multiply(y, subtract(1, y)))]),
  Cast: rule(({ d, x, y }) => (isFloat(x.dtype) && isFloat(y.dtype) ? [cast(d, x.dtype)] : null)),

  ReduceSum: rule(({ d, x, node }) => [expand(reshape(d, keptShape(node)), x.shape)]),
  ReduceMean: rule(({ d, x, node }) => {
    const count = reducedAxes(node).reduce(
      (product, axis) => product * staticSize('ReduceMean', x.shape[axis]),
      1,
    )
    return [expand(reshape(multiply(d, 1 / count), keptShape(node)), x.shape)]
  }),
  ReduceSumSquare: rule(({ d, x }) => [multiply(multiply(d, 2), x)]),

  Reshape: rule(({ d, x }) => [reshape(d, x.shape)]),
  Transpose: rule(({ d, node }) => {
    const permutation = node.attributes['perm'] as readonly number[]
    return [
      transpose(
        d,
        permutation.map((_, axis) => permutation.indexOf(axis)),
      ),
    ]
  }),
  Expand: rule(({ d, x }) => [unbroadcast(d, x)]),
  Concat: rule(({ d, node }) => {
    const axis = node.attributes['axis'] as number
    return split(
      d,
      axis,
      node.inputs.map((value) => staticSize('Concat', value!.shape[axis])),
    )
  }),
  Split: (node, ds) => [
    concat(
      ds.map((d, i) => d ?? zeros(node.outputs[i]!.shape)),
      node.attributes['axis'] as number,
    ),
  ],
  Slice: rule(({ d, x, node }) => {
    const [start, end, axis] = node.inputs.slice(1).map((value) => integersOf(value!)[0]!) as [
      number,
      number,
      number,
    ]
    const after = staticSize('Slice', x.shape[axis]) - end
    const padding = (length: number): readonly Value[] =>
      length > 0 ? [zeros(x.shape.with(axis, length))] : []
    return [concat([...padding(start), d, ...padding(after)], axis)]
  }),

  Gather: rule(({ d, x, b }) => {
    const count = staticElementCount(b.shape)
    const rows = reshape(d, [count, ...x.shape.slice(1)])
    return [scatterAddRows(zeros(x.shape), cast(reshape(b, [count, 1]), 'int64'), rows)]
  }),
  GatherElements: rule(({ d, x, b, node }) => [
    scatterAddElements(zeros(x.shape), b, d, node.attributes['axis'] as number),
  ]),
  Gemm: rule(({ d, x, b, node }) =>
    productCotangents(d, x, b, {
      transposeA: node.attributes['transA'] === 1,
      transposeB: node.attributes['transB'] === 1,
    }),
  ),
  Softmax: rule(({ d, y }) => {
    const weighted = multiply(d, y)
    return [subtract(weighted, multiply(y, reduceSum(weighted, [-1], { keepAxes: true })))]
  }),

  Abs: null,
  ArgMax: null,
  BitShift: null,
  BitwiseAnd: null,
  Clip: null,
  Cos: null,
  GatherBlockQuantized: null,
  Gelu: null,
  Greater: null,
  GreaterOrEqual: null,
  Identity: null,
  LayerNormalization: null,
  LogSoftmax: null,
  MatMul: null,
  MatMulIntegerToFloat: null,
  MatMulNBits: null,
  Max: null,
  Min: null,
  Pad: null,
  Range: null,
  ReduceLogSumExp: null,
  ReduceMax: null,
  Relu: null,
  RotaryEmbedding: null,
  ScatterElements: null,
  ScatterND: null,
  Shape: null,
  SimplifiedLayerNormalization: null,
  Sin: null,
  Squeeze: null,
  Tanh: null,
  TopK: null,
  Where: null,
}

const isFloat = (type: DType) => type === 'float32' || type === 'float16' || type === 'bfloat16'

/** The integers of a constant, such as axes. */
function integersOf({ source }: Value): readonly number[] {
  if (source.kind !== 'constant') throw new TypeError('not a constant')
  return Array.from(source.data, Number)
}

function reducedAxes({ operator, inputs: [x, axes] }: Node): number[] {
  return integersOf(axes!).map((axis) => normalizeAxis(operator, axis, x!.shape.length))
}

/** The shape of a reduction's result if it kept the reduced axes with size 1. */
function keptShape(node: Node): Shape {
  const reduced = reducedAxes(node)
  return node.inputs[0]!.shape.map((size, axis) => (reduced.includes(axis) ? 1 : size))
}
