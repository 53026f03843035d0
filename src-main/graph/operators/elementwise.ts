import { sameShape } from '../dimension.ts'
import {
  broadcastShapes,
  createSingleOutputNode,
  dtypeCodes,
  requireSameDType,
  scalar,
  withGradient,
  type DType,
  type Value,
} from '../value.ts'
import { reduceSum } from './reduce.ts'
import { reshape } from './layout.ts'

/** A tensor, or a number that stands for a float32 constant. */
export type Operand = Value | number

const lift = (operand: Operand): Value => (typeof operand === 'number' ? scalar(operand) : operand)

/** Sums a cotangent over the axes along which `like` was broadcast: the transpose of broadcasting. */
export function unbroadcast(cotangent: Value, like: Value): Value {
  if (sameShape(cotangent.shape, like.shape)) return cotangent
  const added = cotangent.shape.length - like.shape.length
  const axes = cotangent.shape.flatMap((size, axis) =>
    axis < added || (like.shape[axis - added] === 1 && size !== 1) ? [axis] : [],
  )
  return reshape(reduceSum(cotangent, axes, { keepAxes: true }), like.shape)
}

function binary(
  operator: string,
  left: Operand,
  right: Operand,
  vjp?: (cotangent: Value, a: Value, b: Value) => readonly [Value, Value],
  dtype?: DType,
): Value {
  const a = lift(left)
  const b = lift(right)
  requireSameDType(operator, a, b)
  return createSingleOutputNode(operator, [a, b], broadcastShapes(operator, a.shape, b.shape), {
    ...(dtype ? { dtype } : {}),
    ...(vjp
      ? {
          vjp: (cotangent: Value) => {
            const [da, db] = vjp(cotangent, a, b)
            return [unbroadcast(da, a), unbroadcast(db, b)]
          },
        }
      : {}),
  })
}

/** a + b, broadcast. */
export function add(a: Operand, b: Operand): Value {
  return binary('Add', a, b, (d) => [d, d])
}

/** a − b, broadcast. */
export function subtract(a: Operand, b: Operand): Value {
  return binary('Sub', a, b, (d) => [d, negate(d)])
}

/** a · b elementwise, broadcast. */
export function multiply(a: Operand, b: Operand): Value {
  return binary('Mul', a, b, (d, x, y) => [multiply(d, y), multiply(d, x)])
}

/** a / b elementwise, broadcast. */
export function divide(a: Operand, b: Operand): Value {
  return binary('Div', a, b, (d, x, y) => [divide(d, y), negate(divide(multiply(d, x), multiply(y, y)))])
}

/** Elementwise minimum, broadcast. Not differentiable here. */
export function minimum(a: Operand, b: Operand): Value {
  return binary('Min', a, b)
}

/** a ≥ b elementwise as bool, broadcast. */
export function greaterOrEqual(a: Operand, b: Operand): Value {
  return binary('GreaterOrEqual', a, b, undefined, 'bool')
}

function unary(operator: string, x: Value, vjp: (cotangent: Value, y: Value) => Value): Value {
  const y: Value = createSingleOutputNode(operator, [x], x.shape, { vjp: (d) => [vjp(d, y)] })
  return y
}

/** −x. */
export function negate(x: Value): Value {
  return unary('Neg', x, (d) => negate(d))
}

/** eˣ; d(eˣ) = eˣ. */
export function exp(x: Value): Value {
  return unary('Exp', x, (d, y) => multiply(d, y))
}

/** Natural logarithm; d(log x) = 1 / x. */
export function log(x: Value): Value {
  return unary('Log', x, (d) => divide(d, x))
}

/** √x; d(√x) = 1 / (2 √x). */
export function sqrt(x: Value): Value {
  return unary('Sqrt', x, (d, y) => divide(multiply(d, 0.5), y))
}

/** 1 / x; d(1 / x) = −1 / x². */
export function reciprocal(x: Value): Value {
  return unary('Reciprocal', x, (d, y) => negate(multiply(d, multiply(y, y))))
}

/** 1 / (1 + e⁻ˣ); dσ = σ (1 − σ). */
export function sigmoid(x: Value): Value {
  return unary('Sigmoid', x, (d, y) => multiply(d, multiply(y, subtract(1, y))))
}

/** x σ(x), also called swish; d = σ + y (1 − σ), with σ kept from the forward pass. */
export function silu(x: Value): Value {
  const s = sigmoid(x)
  const y = multiply(x, s)
  return withGradient(y, [x], (d) => [multiply(d, add(s, multiply(y, subtract(1, s))))])
}

/** The same numbers in another dtype. The cotangent is cast back between float types. */
export function cast(x: Value, dtype: DType): Value {
  const isFloat = (type: DType) => type === 'float32' || type === 'float16' || type === 'bfloat16'
  return createSingleOutputNode('Cast', [x], x.shape, {
    dtype,
    attributes: { to: dtypeCodes[dtype] },
    ...(isFloat(x.dtype) && isFloat(dtype) ? { vjp: (d: Value) => [cast(d, x.dtype)] } : {}),
  })
}
