import type { Operator } from '../operator.ts'
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

/** A tensor, or a number that stands for a float32 constant. */
export type Operand = Value | number

const lift = (operand: Operand): Value => (typeof operand === 'number' ? scalar(operand) : operand)

function binary(operator: Operator, left: Operand, right: Operand, dtype?: DType): Value {
  const [a, b] = [lift(left), lift(right)]
  requireSameDType(operator, a, b)
  return createSingleOutputNode(
    operator,
    [a, b],
    broadcastShapes(operator, a.shape, b.shape),
    dtype ? { dtype } : {},
  )
}

/** a + b, broadcast. */
export function add(a: Operand, b: Operand): Value {
  return binary('Add', a, b)
}

/** a − b, broadcast. */
export function subtract(a: Operand, b: Operand): Value {
  return binary('Sub', a, b)
}

/** a · b elementwise, broadcast. */
export function multiply(a: Operand, b: Operand): Value {
  return binary('Mul', a, b)
}

/** a / b elementwise, broadcast. */
export function divide(a: Operand, b: Operand): Value {
  return binary('Div', a, b)
}

/** Elementwise minimum, broadcast. Not differentiable here. */
export function minimum(a: Operand, b: Operand): Value {
  return binary('Min', a, b)
}

/** a ≥ b elementwise as bool, broadcast. */
export function greaterOrEqual(a: Operand, b: Operand): Value {
  return binary('GreaterOrEqual', a, b, 'bool')
}

const unary = (operator: Operator, x: Value): Value => createSingleOutputNode(operator, [x], x.shape)

/** −x. */
export function negate(x: Value): Value {
  return unary('Neg', x)
}

/** eˣ; d(eˣ) = eˣ. */
export function exp(x: Value): Value {
  return unary('Exp', x)
}

/** Natural logarithm; d(log x) = 1 / x. */
export function log(x: Value): Value {
  return unary('Log', x)
}

/** √x; d(√x) = 1 / (2 √x). */
export function sqrt(x: Value): Value {
  return unary('Sqrt', x)
}

/** 1 / x; d(1 / x) = −1 / x². */
export function reciprocal(x: Value): Value {
  return unary('Reciprocal', x)
}

/** 1 / (1 + e⁻ˣ); dσ = σ (1 − σ). */
export function sigmoid(x: Value): Value {
  return unary('Sigmoid', x)
}

/** x σ(x), also called swish; d = σ + y (1 − σ), with σ kept from the forward pass. */
export function silu(x: Value): Value {
  const s = sigmoid(x)
  const y = multiply(x, s)
  return withGradient(y, [x], (d) => [multiply(d, add(s, multiply(y, subtract(1, s))))])
}

/** The same numbers in another dtype. The cotangent is cast back between float types. */
export function cast(x: Value, dtype: DType): Value {
  return createSingleOutputNode('Cast', [x], x.shape, { dtype, attributes: { to: dtypeCodes[dtype] } })
}
