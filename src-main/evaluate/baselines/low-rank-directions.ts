import { setImmediate } from 'node:timers/promises'
import { CancelledError } from '../../base/errors.ts'
import { input, matmul } from '../../graph/index.ts'
import type { HeadRows } from '../../models/head-rows.ts'
import { seededRandom } from '../../base/random.ts'
import { createSession, floatData, floatTensor } from '../../runtime/session.ts'
import { dot } from '../../base/dot.ts'
import { rowBlocks } from '../../models/row-blocks.ts'

/** More directions than asked for are followed, so that the last ones asked for are found as well as the first. */
const oversampling = 16

/** A product of two matrices of low rank in place of W, float32 [rank, d] each: w · h ≈ Σ_j (ofRows_j · w) (ofStates_j · h). */
export interface LowRankDirections {
  readonly ofRows: Float32Array
  readonly ofStates: Float32Array
}

/** Of the states' mean square, what is added along all directions: some may not occur among few states. */
const ridge = 1e-3

/**
 * The directions along which the head's first `tokens` rows differ most in their products with the given states: with the
 * states' second moments C = L Lᵀ, the first singular vectors of (W − w̄) L, by orthogonal iteration. (What all tokens have in
 * common, w̄ · h, decides nothing.) Of all products of that rank, theirs is off least over the states, in squares (Eckart and
 * Young 1936).
 *
 * @param states float32 [n · d]
 * @returns the largest first
 * @throws CancelledError when the signal fires
 */
export async function lowRankDirections(
  rows: Pick<HeadRows, 'read'>,
  d: number,
  tokens: number,
  {
    states,
    rank,
    iterations = 16,
    signal,
  }: {
    readonly states: Float32Array
    readonly rank: number
    readonly iterations?: number
    readonly signal?: AbortSignal | undefined
  },
): Promise<LowRankDirections> {
  const ofRows = await momentsOf(rowBlocks(rows, tokens), d, signal)
  const ofStates = await momentsOf(stateBlocks(states, d), d, signal)
  const factor = choleskyFactor(raised(ofStates.square, d), d)
  const square = squareAlong(centred(ofRows, tokens, d), factor, d)
  const found = await firstDirections(square, d, Math.min(rank, d), { iterations, signal })
  const count = found.length / d
  const along = { ofRows: new Float32Array(found.length), ofStates: new Float32Array(found.length) }
  for (let j = 0; j < count; j++) {
    const direction = found.subarray(j * d, (j + 1) * d)
    along.ofRows.set(times(factor, direction, d), j * d)
    along.ofStates.set(solveTransposed(factor, direction, d), j * d)
  }
  return along
}

/** The first eigenvectors of a symmetric matrix [d, d], float32 [count, d]. */
async function firstDirections(
  square: Float32Array,
  d: number,
  count: number,
  { iterations, signal }: { readonly iterations: number; readonly signal: AbortSignal | undefined },
): Promise<Float32Array> {
  const followed = Math.min(d, count + oversampling)
  const random = seededRandom(0)
  let directions: Float32Array = Float32Array.from({ length: followed * d }, () => random.normal())
  makeOrthonormal(directions, d)
  const session = await createSession({
    product: matmul(input('directions', [followed, d]), input('square', [d, d])),
  })
  const squareTensor = floatTensor(square, [d, d])
  try {
    for (let iteration = 0; iteration < iterations; iteration++) {
      if (signal?.aborted) throw new CancelledError()
      const feeds = { directions: floatTensor(directions, [followed, d]), square: squareTensor }
      directions = floatData((await session.run(feeds))['product']).slice()
      makeOrthonormal(directions, d)
      await setImmediate()
    }
  } finally {
    await session.release()
  }
  return directions.slice(0, count * d)
}

interface Moments {
  /** Σ x, [d]. */
  readonly sum: Float64Array
  /** Σ x xᵀ, [d, d]. */
  readonly square: Float64Array
}

async function momentsOf(
  blocks: Iterable<{ readonly count: number; readonly block: Float32Array }>,
  d: number,
  signal?: AbortSignal,
): Promise<Moments> {
  const sum = new Float64Array(d)
  const square = new Float64Array(d * d)
  const block = input('rows', ['rows', d])
  const session = await createSession({ square: matmul(block, block, { transposeA: true }) })
  try {
    for (const { count, block: values } of blocks) {
      if (signal?.aborted) throw new CancelledError()
      const own = floatData((await session.run({ rows: floatTensor(values, [count, d]) }))['square'])
      for (let i = 0; i < square.length; i++) square[i]! += own[i]!
      for (let i = 0; i < values.length; i++) sum[i % d]! += values[i]!
      await setImmediate()
    }
  } finally {
    await session.release()
  }
  return { sum, square }
}

const statesAtOnce = 1_024

function* stateBlocks(states: Float32Array, d: number) {
  for (let start = 0; start < states.length; start += statesAtOnce * d) {
    const block = states.subarray(start, start + statesAtOnce * d)
    yield { count: block.length / d, block }
  }
}

/** Σ (x − x̄) (x − x̄)ᵀ. */
function centred({ sum, square }: Moments, count: number, d: number): Float64Array {
  return square.map((value, i) => value - (sum[Math.floor(i / d)]! * sum[i % d]!) / count)
}

function raised(square: Float64Array, d: number): Float64Array {
  let trace = 0
  for (let i = 0; i < d; i++) trace += square[i * (d + 1)]!
  const added = (ridge * trace) / d || 1
  return square.map((value, i) => (i % (d + 1) === 0 ? value + added : value))
}

/** L, lower triangular, of a positive definite L Lᵀ [d, d]. */
function choleskyFactor(square: Float64Array, d: number): Float64Array {
  const factor = new Float64Array(d * d)
  for (let row = 0; row < d; row++)
    for (let column = 0; column <= row; column++) {
      let left = square[row * d + column]!
      for (let i = 0; i < column; i++) left -= factor[row * d + i]! * factor[column * d + i]!
      factor[row * d + column] = row === column ? Math.sqrt(left) : left / factor[column * d + column]!
    }
  return factor
}

/** Lᵀ M L of a symmetric M. */
function squareAlong(square: Float64Array, factor: Float64Array, d: number): Float32Array {
  const product = (a: Float64Array, b: Float64Array) => {
    const result = new Float64Array(d * d)
    for (let row = 0; row < d; row++)
      for (let i = 0; i < d; i++) {
        const value = a[row * d + i]!
        if (value === 0) continue
        for (let column = 0; column < d; column++) result[row * d + column]! += value * b[i * d + column]!
      }
    return result
  }
  const transposed = factor.map((_, i) => factor[(i % d) * d + Math.floor(i / d)]!)
  return Float32Array.from(product(transposed, product(square, factor)))
}

/** L x. */
function times(factor: Float64Array, x: Float32Array, d: number): Float32Array {
  return Float32Array.from({ length: d }, (_, row) => {
    let sum = 0
    for (let i = 0; i <= row; i++) sum += factor[row * d + i]! * x[i]!
    return sum
  })
}

/** y with Lᵀ y = x. */
function solveTransposed(factor: Float64Array, x: Float32Array, d: number): Float32Array {
  const y = Float64Array.from(x)
  for (let row = d - 1; row >= 0; row--) {
    y[row]! /= factor[row * d + row]!
    for (let i = 0; i < row; i++) y[i]! -= factor[row * d + i]! * y[row]!
  }
  return Float32Array.from(y)
}

/** Gram-Schmidt, each row against those before it, twice (Giraud et al. 2005): once leaves what rounding left. */
function makeOrthonormal(rows: Float32Array, d: number): void {
  for (let row = 0; row < rows.length / d; row++) {
    const own = rows.subarray(row * d, (row + 1) * d)
    for (let pass = 0; pass < 2; pass++)
      for (let before = 0; before < row; before++) {
        const other = rows.subarray(before * d, (before + 1) * d)
        const along = dot(own, 0, other)
        for (let i = 0; i < d; i++) own[i]! -= along * other[i]!
      }
    const length = Math.sqrt(dot(own, 0, own)) || 1
    for (let i = 0; i < d; i++) own[i]! /= length
  }
}
