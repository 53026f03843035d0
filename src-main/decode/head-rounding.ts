import { createSingleOutputNode, int64Vector, type Value } from '../graph/index.ts'
import type { BaseModel } from '../models/base-model.ts'
import { commonOfBlocks, widen, type QuantizedMatrix } from '../models/blocks.ts'
import { createSession, floatData } from '../runtime/session.ts'

/** Half the distance from 1 to the next float32: what one operation is off by at most, relative to its result. */
const unit = 2 ** -24

/** γ_n = n u / (1 − n u): what n operations in a row are off by, relative to the sum of magnitudes. */
const gamma = (operations: number) => (operations * unit) / (1 - operations * unit)

/**
 * The least lead that decides, of a state, float32 [d]: of any tokens, or of those whose rows are no larger than that of one. A
 * quarter of it is what a logit is off by.
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
 * 16 partial sums. That is at most 4 operations a block and 32 more, and over all blocks Σ 3 m s ‖x_b‖₁ ≤ 3 m √b ‖s‖ ‖x‖.
 * Where a processor has no such kernel, onnxruntime multiplies floats, off by γ_n m √b ‖s‖ ‖x‖. The larger one counts, and a
 * tenth more because rounding to 8 bits may lengthen x. Minima add what a block's weights have in common, c, times the sum of
 * its activations, at most √b ‖c‖ ‖x‖ over all blocks, with fewer operations, and one addition.
 *
 * @param rowNorms ‖w‖ of a float head's rows, or more, where they are known (default: they are computed)
 * @throws SpellmError as `createSession`
 */
export async function createRoundingBound(model: BaseModel, rowNorms?: Float32Array): Promise<RoundingBound> {
  const { head, hiddenSize } = model.architecture
  const matrix = model.weights.matrix(head.weight.name)
  const isQuantized = 'bits' in matrix
  const { folder } = model.weights
  const sizes = isQuantized
    ? await blockSizes(matrix, folder)
    : (rowNorms ?? (await normsOfRows(matrix, folder)))
  const largest = sizes.reduce((max, size) => Math.max(max, size), 0)
  const share = isQuantized
    ? Math.max(gamma(hiddenSize + 1), 3 * gamma(4 * Math.ceil(hiddenSize / matrix.blockSize) + 33))
    : gamma(hiddenSize)
  return (hidden) => {
    const scaled = Math.abs(head.scale) * euclideanNorm(hidden)
    return (token) => {
      const logit = scaled * (token === undefined ? largest : sizes[token]!)
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

/** What the magnitudes of a row's products within blocks come to at most, for a state of norm 1. */
async function blockSizes(matrix: QuantizedMatrix, folder: string): Promise<Float32Array> {
  const { bits, blockSize, scales } = matrix
  const ofScales = await normsOfRows(scales, folder)
  const common = commonOfBlocks(matrix)
  const ofCommon = common && (await normsOfRows(common, folder))
  return ofScales.map(
    (norm, row) => Math.sqrt(blockSize) * (1.1 * 2 ** (bits - 1) * norm + (ofCommon ? ofCommon[row]! : 0)),
  )
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
