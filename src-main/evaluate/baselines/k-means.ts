import { setImmediate } from 'node:timers/promises'
import { CancelledError } from '../../errors.ts'
import { add, argMax, input, matmul } from '../../graph/index.ts'
import type { HeadRows } from '../../models/head-rows.ts'
import { seededRandom, shuffledIndices } from '../../random.ts'
import { createSession, floatTensor, int64Data } from '../../runtime/session.ts'
import { rowBlocks } from './row-blocks.ts'

/** The head's rows in clusters. */
export interface Clusters {
  readonly count: number
  /** float32 [count, d]: the mean of each cluster's rows. */
  readonly centroids: Float32Array
  /** The cluster of each row, [tokens]. */
  readonly clusterOf: Int32Array
}

/**
 * Lloyd's k-means of the head's first `tokens` rows, from random ones of them. A cluster that lost all of its rows begins anew
 * with a random one.
 *
 * @throws CancelledError when the signal fires
 */
export async function clusterRows(
  rows: Pick<HeadRows, 'read'>,
  d: number,
  tokens: number,
  {
    count,
    iterations = 8,
    signal,
  }: { readonly count: number; readonly iterations?: number; readonly signal?: AbortSignal | undefined },
): Promise<Clusters> {
  const random = seededRandom(0)
  const centroids = rows.read(shuffledIndices(tokens, random).subarray(0, count))
  const clusterOf = new Int32Array(tokens)
  // The nearest centroid c of a row w has the largest w · c − ‖c‖² / 2.
  const products = matmul(input('rows', ['rows', d]), input('centroids', [count, d]), { transposeB: true })
  const session = await createSession({ nearest: argMax(add(products, input('offsets', [1, count]))) })
  try {
    for (let iteration = 0; iteration < iterations; iteration++) {
      const sums = new Float64Array(count * d)
      const sizes = new Int32Array(count)
      const feeds = {
        centroids: floatTensor(centroids, [count, d]),
        offsets: floatTensor(offsetsOf(centroids, count, d), [1, count]),
      }
      for (const { start, count: inBlock, block } of rowBlocks(rows, tokens)) {
        if (signal?.aborted) throw new CancelledError()
        const results = await session.run({ ...feeds, rows: floatTensor(block, [inBlock, d]) })
        const nearest = int64Data(results['nearest'])
        for (let row = 0; row < inBlock; row++) {
          const cluster = nearest[row]!
          clusterOf[start + row] = cluster
          sizes[cluster]!++
          for (let i = 0; i < d; i++) sums[cluster * d + i]! += block[row * d + i]!
        }
        await setImmediate()
      }
      // The last assignment stays that of the centroids it was made with.
      if (iteration === iterations - 1) break
      for (let cluster = 0; cluster < count; cluster++) {
        const size = sizes[cluster]!
        if (size === 0) centroids.set(rows.read([random.below(tokens)]), cluster * d)
        else for (let i = 0; i < d; i++) centroids[cluster * d + i] = sums[cluster * d + i]! / size
      }
    }
  } finally {
    await session.release()
  }
  return { count, centroids, clusterOf }
}

function offsetsOf(centroids: Float32Array, count: number, d: number): Float32Array {
  return Float32Array.from({ length: count }, (_, cluster) => {
    let square = 0
    for (let i = cluster * d; i < (cluster + 1) * d; i++) square += centroids[i]! ** 2
    return -square / 2
  })
}
