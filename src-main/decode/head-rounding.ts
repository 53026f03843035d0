import { add, createSingleOutputNode, int64Vector, multiply, reduceMax, type Value } from '../graph/index.ts'
import type { BaseModel } from '../models/base-model.ts'
import { commonOfBlocks, widen, type QuantizedMatrix } from '../models/blocks.ts'
import { createSession, floatData } from '../runtime/session.ts'

/** Half the distance from 1 to the next float32: what one operation is off by at most, relative to its result. */
const unit = 2 ** -24

/** γ_n = n u / (1 − n u): what n operations in a row are off by, relative to the sum of magnitudes. */
const gamma = (operations: number) => (operations * unit) / (1 - operations * unit)

/**
 * The least lead that decides, of a state, float32 [d]: between any tokens, or between two for which a quarter of it, what a
 * logit is off by, is no more than for one.
 */
export type RoundingBound = (hidden: Float32Array) => (token?: number) => number

/**
 * From which lead on the best logit of a state is the best by any order of additions.
 *
 * A dot product of n terms in floating point, in any order and with or without fused multiplications, is off by at most
 * γ_n Σ |w_i| |x_i| ≤ γ_n ‖w‖ ‖x‖, γ_n = n u / (1 − n u), u = 2^−24 (Higham, Accuracy and Stability of Numerical
 * Algorithms, 2nd ed., section 3.1, and Cauchy-Schwarz). If two ways of computing are each off by e at most, a logit differs
 * by 2 e between them and a lead by 4 e. So a lead beyond 4 e is a lead in both. With the largest norm of a row in the place
 * of ‖w‖ this holds for all tokens. The head's scale multiplies e; the cap, c tanh(z / c), has a slope of at most 1. Scaling
 * rounds the result twice, and onnxruntime's tanh is off by a few units in the last place.
 *
 * Quantised (MatMulNBits with rounded activations): the products within a block of b weights are added as integers, exactly.
 * Of each block come the sum of activations times weights as stored, at most (2 m − 1) s ‖x_b‖₁ with s its scale and m half
 * the range of integers, and, since those begin at 0, m s ‖x_b‖₁, each with two multiplications by scales; kernels keep up to
 * 16 partial sums. That is at most 4 operations a block and 32 more, and over all blocks 3 Σ m s ‖x_b‖₁. Where a processor has
 * no such kernel, onnxruntime multiplies floats, off by γ_n Σ m s ‖x_b‖₁. The larger one counts. Rounding to 8 bits moves a
 * number by half a step, of which the largest of its block, or on some processors of the whole state, has 127, so ‖x_b‖₁ by
 * b max|x| / 254 at most. Minima add what a block's weights have in common, c, times the sum of its activations, at most
 * |c| ‖x_b‖₁, with fewer operations, and one addition. Of any tokens, the largest m s + |c| of each block counts. A number is kept
 * for each block of the head.
 *
 * @param rowNorms ‖w‖ of a float head's rows, or more, where they are known (default: they are computed)
 * @throws SpellmError as `createSession`
 */
export async function createRoundingBound(model: BaseModel, rowNorms?: Float32Array): Promise<RoundingBound> {
  const { head, hiddenSize } = model.architecture
  const matrix = model.weights.matrix(head.weight.name)
  const { folder } = model.weights
  const share =
    'bits' in matrix
      ? Math.max(gamma(hiddenSize + 1), 3 * gamma(4 * Math.ceil(hiddenSize / matrix.blockSize) + 33))
      : gamma(hiddenSize)
  const magnitudes =
    'bits' in matrix
      ? await blockMagnitudes(matrix, folder)
      : rowMagnitudes(rowNorms ?? (await normsOfRows(matrix, folder)))
  return (hidden) => {
    const of = magnitudes(hidden)
    return (token) => {
      const logit = Math.abs(head.scale) * of(token)
      const rounding = head.cap === null ? gamma(2) * logit : gamma(64) * Math.min(head.cap, logit)
      return 4 * (share * logit + rounding)
    }
  }
}

/** ‖x‖, in float64. */
export function euclideanNorm(values: Float32Array): number {
  let sum = 0
  for (const value of values) sum += value * value
  return Math.sqrt(sum)
}

/** What the magnitudes of a row's products with a state come to at most: of a token's row, or of any. */
type Magnitudes = (hidden: Float32Array) => (token?: number) => number

function rowMagnitudes(norms: Float32Array): Magnitudes {
  const largest = norms.reduce((max, norm) => Math.max(max, norm), 0)
  return (hidden) => {
    const norm = euclideanNorm(hidden)
    return (token) => norm * (token === undefined ? largest : norms[token]!)
  }
}

async function blockMagnitudes(matrix: QuantizedMatrix, folder: string): Promise<Magnitudes> {
  const { bits, blockSize, scales } = matrix
  const common = commonOfBlocks(matrix)
  const ofScales = multiply(absolute(scales), 2 ** (bits - 1))
  const sizes = common ? add(ofScales, absolute(common)) : ofScales
  const session = await createSession(
    { sizes, largest: reduceMax(sizes, [0]) },
    { weightsFolder: folder, prepack: false },
  )
  const results = await session.run({})
  const [ofRows, largest] = [floatData(results['sizes']), floatData(results['largest'])]
  await session.release()
  const blocks = largest.length
  return (hidden) => {
    const sums = blockSums(hidden, blockSize, blocks)
    return (token) => {
      const start = token === undefined ? 0 : token * blocks
      const row = token === undefined ? largest : ofRows
      let magnitude = 0
      for (let block = 0; block < blocks; block++) magnitude += row[start + block]! * sums[block]!
      // A few float32 operations made the sizes.
      return magnitude * (1 + 1e-6)
    }
  }
}

const absolute = (value: Value) => createSingleOutputNode('Abs', [value], value.shape)

/** ‖x_b‖₁ of each block of a state, as it may be after its numbers are rounded to 8 bits, or more. */
function blockSums(hidden: Float32Array, blockSize: number, blocks: number): Float64Array {
  const sums = new Float64Array(blocks)
  let largest = 0
  hidden.forEach((value, i) => {
    const size = Math.abs(value)
    sums[Math.floor(i / blockSize)]! += size
    if (size > largest) largest = size
  })
  return sums.map((sum) => sum + (blockSize * largest) / 254)
}

/** The norms of the rows of a matrix in a file, rounded up. */
async function normsOfRows(matrix: Value, folder: string): Promise<Float32Array> {
  const squares = createSingleOutputNode(
    'ReduceSumSquare',
    [widen(matrix), int64Vector([1])],
    [matrix.shape[0]!],
    { attributes: { keepdims: 0 } },
  )
  const session = await createSession({ squares }, { weightsFolder: folder, prepack: false })
  const norms = floatData((await session.run({}))['squares']).map((square) => Math.sqrt(square) * (1 + 1e-4))
  await session.release()
  return norms
}
