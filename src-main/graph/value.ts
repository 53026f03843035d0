import { sameShape, staticElementCount, type Dimension, type Shape } from './dimension.ts'
import type { Operator } from './operator.ts'

export type DType = 'float32' | 'float16' | 'bfloat16' | 'int32' | 'int64' | 'uint8' | 'int8' | 'bool'

/** Codes of ONNX's TensorProto.DataType. */
export const dtypeCodes: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  bfloat16: 16,
}

export type ConstantData = Float32Array | Int32Array | BigInt64Array | Uint8Array | Uint16Array
export type Attribute = number | string | readonly number[] | { readonly float: number }

/** A tensor of the graph, known by shape and dtype before any data exists. Immutable. */
export interface Value {
  readonly shape: Shape
  readonly dtype: DType
  readonly source: Source
}

type Source =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'constant'; readonly data: ConstantData }
  | { readonly kind: 'external'; readonly name: string; readonly location: ExternalData }
  | { readonly kind: 'node'; readonly node: Node; readonly outputIndex: number }

/** Bytes in a file next to the graph, little endian, row-major. `file` is relative to the model's folder. */
export interface ExternalData {
  readonly file: string
  readonly offset: number
  readonly byteLength: number
}

/** One operator of the ONNX standard (domain '') or of onnxruntime's contributed set ('com.microsoft'). */
export interface Node {
  readonly operator: Operator
  readonly domain: '' | 'com.microsoft'
  /** null: an optional input that is not given. */
  readonly inputs: readonly (Value | null)[]
  readonly attributes: Readonly<Record<string, Attribute>>
  /** Filled once, when the node is made; holds the outputs in the operator's order. */
  readonly outputs: readonly Value[]
  /** A derivative made by hand (`withGradient`), in place of the operator's own; null: that one holds. */
  readonly gradient: Gradient | null
}

/** The vector-Jacobian product of a composite: from the cotangent of its value to those of `inputs` (null: not differentiable). */
export interface Gradient {
  readonly inputs: readonly Value[]
  readonly vjp: (cotangent: Value) => readonly (Value | null)[]
}

/** A mistake in the way a graph is put together, thrown by the call that makes it. */
export class GraphError extends Error {
  override readonly name = 'GraphError'
}

/** A tensor fed at each run. */
export function input(name: string, shape: Shape, dtype: DType = 'float32'): Value {
  return { shape, dtype, source: { kind: 'input', name } }
}

/** A tensor stored outside of the graph, such as a weight in a safetensors file. */
export function external(name: string, shape: Shape, dtype: DType, location: ExternalData): Value {
  return { shape, dtype, source: { kind: 'external', name, location } }
}

/** A tensor stored in the graph. Throws GraphError if `data` does not fill `shape`. */
export function constant(data: ConstantData, shape: Shape, dtype: DType = dtypeOf(data)): Value {
  if (data.length !== staticElementCount(shape))
    throw new GraphError(`constant: ${data.length} elements do not fill shape [${shape.join(', ')}]`)
  return { shape, dtype, source: { kind: 'constant', data } }
}

/** A float32 constant of rank 0. */
export function scalar(value: number): Value {
  return constant(Float32Array.of(value), [])
}

/** An int64 constant of rank 1, as ONNX wants axes, shapes and split sizes. */
export function int64Vector(values: readonly number[]): Value {
  return constant(BigInt64Array.from(values, BigInt), [values.length])
}

function dtypeOf(data: ConstantData): DType {
  if (data instanceof Float32Array) return 'float32'
  if (data instanceof Int32Array) return 'int32'
  if (data instanceof BigInt64Array) return 'int64'
  if (data instanceof Uint16Array) return 'float16'
  return 'uint8'
}

export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>
  readonly domain?: Node['domain']
  readonly outputs: readonly { readonly shape: Shape; readonly dtype: DType }[]
}

/** Makes a node and returns its outputs. Operators are the callers; everybody else calls operators. */
export function createNode(
  operator: Operator,
  inputs: readonly (Value | null)[],
  options: NodeOptions,
): readonly Value[] {
  return outputsOf(operator, inputs, options, null)
}

function outputsOf(
  operator: Operator,
  inputs: readonly (Value | null)[],
  { attributes = {}, domain = '', ...options }: NodeOptions,
  gradient: Gradient | null,
): readonly Value[] {
  const outputs: Value[] = []
  const node: Node = { operator, domain, inputs, attributes, outputs, gradient }
  options.outputs.forEach(({ shape, dtype }, outputIndex) =>
    outputs.push({ shape, dtype, source: { kind: 'node', node, outputIndex } }),
  )
  return outputs
}

/** `createNode` for an operator with one output. */
export function createSingleOutputNode(
  operator: Operator,
  inputs: readonly (Value | null)[],
  shape: Shape,
  options: {
    readonly dtype?: DType
    readonly attributes?: Readonly<Record<string, Attribute>>
    readonly domain?: Node['domain']
  } = {},
): Value {
  const { dtype = inputs[0]!.dtype, ...rest } = options
  return createNode(operator, inputs, { ...rest, outputs: [{ shape, dtype }] })[0]!
}

/**
 * The same tensor with a derivative made by hand: `vjp` gives the cotangents of `inputs`, and what lies
 * between `inputs` and `value` is not differentiated. For composites whose derivative is cheaper or more
 * stable than that of their parts.
 */
export function withGradient(value: Value, inputs: readonly Value[], vjp: Gradient['vjp']): Value {
  return outputsOf('Identity', [value], { outputs: [value] }, { inputs, vjp })[0]!
}

/** Asserts that dtypes agree. */
export function requireSameDType(operator: string, ...values: readonly Value[]): void {
  const [first, ...others] = values
  for (const other of others)
    if (other.dtype !== first!.dtype)
      throw new GraphError(`${operator}: dtypes ${first!.dtype} and ${other.dtype} differ; cast one of them`)
}

/** `[2, tokens, 64]`, for messages. */
export function describeShape(shape: Shape): string {
  return `[${shape.join(', ')}]`
}

/** Axis counted from the front; negative axes count from the back. Throws GraphError when out of range. */
export function normalizeAxis(operator: string, axis: number, rank: number): number {
  const normalized = axis < 0 ? axis + rank : axis
  if (!Number.isInteger(axis) || normalized < 0 || normalized >= rank)
    throw new GraphError(`${operator}: axis ${axis} is outside of rank ${rank}`)
  return normalized
}

/** The size of an axis that must be known before the run. */
export function staticSize(operator: string, dimension: Dimension | undefined): number {
  if (typeof dimension !== 'number')
    throw new GraphError(`${operator}: needs a size known before the run, got ${String(dimension)}`)
  return dimension
}

/** NumPy broadcasting. Throws GraphError when two sizes are different and neither is 1. */
export function broadcastShapes(operator: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1
    const right = b[axis - rank + b.length] ?? 1
    if (left === right || right === 1) return left
    if (left === 1) return right
    throw new GraphError(`${operator}: shapes ${describeShape(a)} and ${describeShape(b)} do not broadcast`)
  })
}
