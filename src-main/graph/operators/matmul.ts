import {
  broadcastShapes,
  createSingleOutputNode,
  describeShape,
  GraphError,
  requireSameDType,
  withGradient,
  type Value,
} from '../value.ts'
import { unbroadcast } from './broadcast.ts'
import { transposeMatrix } from './layout.ts'

export interface MatMulOptions {
  readonly transposeA?: boolean
  readonly transposeB?: boolean
}

/**
 * a · b over the last two axes, each optionally transposed; leading axes broadcast.
 * [.., m, n] · [.., n, p] → [.., m, p]. Throws GraphError if the inner sizes differ.
 */
export function matmul(
  a: Value,
  b: Value,
  { transposeA = false, transposeB = false }: MatMulOptions = {},
): Value {
  if (a.shape.length < 2 || b.shape.length < 2)
    throw new GraphError(
      `MatMul: needs matrices, got ${describeShape(a.shape)} and ${describeShape(b.shape)}`,
    )
  requireSameDType('MatMul', a, b)
  const [m, innerA] = transposeA ? [a.shape.at(-1)!, a.shape.at(-2)!] : [a.shape.at(-2)!, a.shape.at(-1)!]
  const [innerB, p] = transposeB ? [b.shape.at(-1)!, b.shape.at(-2)!] : [b.shape.at(-2)!, b.shape.at(-1)!]
  if (innerA !== innerB)
    throw new GraphError(
      `MatMul: inner sizes ${innerA} and ${innerB} differ in ${describeShape(a.shape)}${transposeA ? 'ᵀ' : ''} · ${describeShape(b.shape)}${transposeB ? 'ᵀ' : ''}`,
    )
  if (a.shape.length === 2 && b.shape.length === 2)
    return createSingleOutputNode('Gemm', [a, b], [m, p], {
      attributes: { transA: Number(transposeA), transB: Number(transposeB) },
    })
  const batch = broadcastShapes('MatMul', a.shape.slice(0, -2), b.shape.slice(0, -2))
  // onnxruntime fuses these transpositions into its matrix product.
  const left = transposeA ? transposeMatrix(a) : a
  const right = transposeB ? transposeMatrix(b) : b
  const product = createSingleOutputNode('MatMul', [left, right], [...batch, m, p])
  return withGradient(product, [a, b], (d) => productCotangents(d, a, b, { transposeA, transposeB }))
}

/** The cotangents of a product Y = A B: dA = dY Bᵀ, dB = Aᵀ dY; of transposed operands the same, transposed. */
export function productCotangents(
  d: Value,
  a: Value,
  b: Value,
  { transposeA, transposeB }: Required<MatMulOptions>,
): readonly [Value, Value] {
  return [
    unbroadcast(
      transposeA
        ? matmul(b, d, { transposeA: transposeB, transposeB: true })
        : matmul(d, b, { transposeB: !transposeB }),
      a,
    ),
    unbroadcast(
      transposeB
        ? matmul(d, a, { transposeA: true, transposeB: transposeA })
        : matmul(a, d, { transposeA: !transposeA }),
      b,
    ),
  ]
}
