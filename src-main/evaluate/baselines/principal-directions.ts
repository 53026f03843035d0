import { setImmediate } from 'node:timers/promises'
import { CancelledError } from '../../errors.ts'
import { input, matmul } from '../../graph/index.ts'
import type { HeadRows } from '../../models/head-rows.ts'
import { seededRandom } from '../../random.ts'
import { createSession, floatData, floatTensor } from '../../runtime/session.ts'
import { dot } from '../../dot.ts'
import { rowBlocks } from '../../models/row-blocks.ts'

/** More directions than asked for are followed, so that the last ones asked for are found as well as the first. */
const oversampling = 16

/**
 * The directions that hold most of the head's first `tokens` rows, the first singular vectors of W, by orthogonal iteration on
 * WᵀW.
 *
 * @returns float32 [rank, d], of length 1, at right angles to one another, the largest first
 * @throws CancelledError when the signal fires
 */
export async function principalDirections(
  rows: Pick<HeadRows, 'read'>,
  d: number,
  tokens: number,
  {
    rank,
    iterations = 16,
    signal,
  }: { readonly rank: number; readonly iterations?: number; readonly signal?: AbortSignal | undefined },
): Promise<Float32Array> {
  const followed = Math.min(d, rank + oversampling)
  const square = await squareOf(rows, d, tokens, signal)
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
  return directions.slice(0, rank * d)
}

/** WᵀW [d, d]. */
async function squareOf(
  rows: Pick<HeadRows, 'read'>,
  d: number,
  tokens: number,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const sum = new Float64Array(d * d)
  const block = input('rows', ['rows', d])
  const session = await createSession({ square: matmul(block, block, { transposeA: true }) })
  try {
    for (const { count, block: values } of rowBlocks(rows, tokens)) {
      if (signal?.aborted) throw new CancelledError()
      const square = floatData((await session.run({ rows: floatTensor(values, [count, d]) }))['square'])
      for (let i = 0; i < sum.length; i++) sum[i]! += square[i]!
      await setImmediate()
    }
  } finally {
    await session.release()
  }
  return Float32Array.from(sum)
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
