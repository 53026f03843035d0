import { createSingleOutputNode, int64Vector, reduceMax, type Value } from '../graph/index.ts'
import type { BaseModel } from '../models/base-model.ts'
import { commonOfBlocks, widen } from '../models/blocks.ts'
import { createSession, floatData } from '../runtime/session.ts'

/** Half the distance from 1 to the next float32: what one operation is off by at most, relative to its result. */
const unit = 2 ** -24

/** γ_n = n u / (1 − n u): what n operations in a row are off by, relative to the sum of magnitudes. */
const gamma = (operations: number) => (operations * unit) / (1 - operations * unit)

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
 * @param largestNorm the largest ‖w‖ of a float head, where it is known (default: it is computed)
 * @returns of a state, float32 [d], the least lead that decides
 * @throws SpellmError as `createSession`
 */
export async function createRoundingBound(
  model: BaseModel,
  largestNorm?: number,
): Promise<(hidden: Float32Array) => number> {
  const { head, hiddenSize } = model.architecture
  const matrix = model.weights.matrix(head.weight.name)
  const isQuantized = 'bits' in matrix
  const largest =
    largestNorm ?? (await largestRowNorm(isQuantized ? matrix.scales : matrix, model.weights.folder))
  const common = isQuantized ? commonOfBlocks(matrix) : null
  const size = isQuantized
    ? Math.sqrt(matrix.blockSize) *
      (1.1 * 2 ** (matrix.bits - 1) * largest +
        (common ? await largestRowNorm(common, model.weights.folder) : 0))
    : largest
  const share = isQuantized
    ? Math.max(gamma(hiddenSize + 1), 3 * gamma(4 * Math.ceil(hiddenSize / matrix.blockSize) + 33))
    : gamma(hiddenSize)
  return (hidden) => {
    const logit = Math.abs(head.scale) * size * euclideanNorm(hidden)
    const rounding = head.cap === null ? gamma(2) * logit : gamma(64) * Math.min(head.cap, logit)
    return 4 * (share * logit + rounding)
  }
}

/** ‖x‖, in float64. */
export function euclideanNorm(values: Float32Array): number {
  let sum = 0
  for (const value of values) sum += value * value
  return Math.sqrt(sum)
}

/** The largest norm of a row of a matrix in a file, rounded up. */
async function largestRowNorm(matrix: Value, folder: string): Promise<number> {
  const squares = createSingleOutputNode(
    'ReduceSumSquare',
    [widen(matrix), int64Vector([1])],
    [matrix.shape[0]!],
    { attributes: { keepdims: 0 } },
  )
  const session = await createSession(
    { largest: reduceMax(squares, [0], { keepAxes: true }) },
    { weightsFolder: folder, prepack: false },
  )
  const [largest] = floatData((await session.run({}))['largest'])
  await session.release()
  return Math.sqrt(largest!) * (1 + 1e-4)
}
