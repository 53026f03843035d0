import { setImmediate } from 'node:timers/promises'
import { CancelledError } from '../../errors.ts'
import { add, argMax, input, matmul } from '../../graph/index.ts'
import type { HeadRows } from '../../models/head-rows.ts'
import { seededRandom, shuffledIndices } from '../../random.ts'
import { createSession, floatTensor, int64Data } from '../../runtime/session.ts'
import { dot } from '../dot.ts'
import { rowBlocks } from './row-blocks.ts'

/** The head's rows in clusters. */
export interface Clusters {
  readonly count: number
  /** float32 [count, d], of length 1: each cluster has the rows that lie furthest along its own, seen from the mean row. */
  readonly directions: Float32Array
  /** float32 [count, d]: the mean of each cluster's rows. */
  readonly centroids: Float32Array
  /** The cluster of each row, [tokens]. */
  readonly clusterOf: Int32Array
}

/**
 * Spherical k-means (Dhillon & Modha 2001) of the head's first `tokens` rows less their mean, from random ones of them: by
 * direction, clusters are of more even size than by distance. One that lost all of its rows begins anew with a random one.
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
  const mean = meanRow(rows, d, tokens)
  const unit = (token: number) => unitRow(rows.read([token]), 0, mean)
  const directions = new Float32Array(count * d)
  shuffledIndices(tokens, random)
    .subarray(0, count)
    .forEach((token, cluster) => directions.set(unit(token), cluster * d))
  const clusterOf = new Int32Array(tokens)
  const products = matmul(input('rows', ['rows', d]), input('directions', [count, d]), { transposeB: true })
  const session = await createSession({ nearest: argMax(add(products, input('offsets', [1, count]))) })
  try {
    for (let iteration = 0; iteration < iterations; iteration++) {
      // Rows are multiplied as they are, so the mean's part is taken out of the products.
      const offsets = Float32Array.from(
        { length: count },
        (_, cluster) => -dot(directions, cluster * d, mean),
      )
      const feeds = {
        directions: floatTensor(directions, [count, d]),
        offsets: floatTensor(offsets, [1, count]),
      }
      for (const { start, count: inBlock, block } of rowBlocks(rows, tokens)) {
        if (signal?.aborted) throw new CancelledError()
        const results = await session.run({ ...feeds, rows: floatTensor(block, [inBlock, d]) })
        clusterOf.set(int64Data(results['nearest']), start)
        await setImmediate()
      }
      // The last assignment stays that of the directions it was made with.
      if (iteration === iterations - 1) break
      const { sums, sizes } = sumsOf(rows, d, clusterOf, count, (block, at) => unitRow(block, at, mean))
      sizes.forEach((size, cluster) => {
        const sum = sums.subarray(cluster * d, (cluster + 1) * d)
        directions.set(
          size === 0 ? unit(random.below(tokens)) : unitRow(sum, 0, new Float64Array(d)),
          cluster * d,
        )
      })
    }
  } finally {
    await session.release()
  }
  const { sums, sizes } = sumsOf(rows, d, clusterOf, count, (block, at) => block.subarray(at, at + d))
  const centroids = Float32Array.from(sums, (sum, i) => sum / Math.max(1, sizes[Math.floor(i / d)]!))
  return { count, directions, centroids, clusterOf }
}

/** What the rows of each cluster sum up to, [count, d], after `change` of each, and how many there are. */
function sumsOf(
  rows: Pick<HeadRows, 'read'>,
  d: number,
  clusterOf: Int32Array,
  count: number,
  change: (block: Float32Array, at: number) => ArrayLike<number>,
): { readonly sums: Float64Array; readonly sizes: Int32Array } {
  const sums = new Float64Array(count * d)
  const sizes = new Int32Array(count)
  for (const { start, count: inBlock, block } of rowBlocks(rows, clusterOf.length))
    for (let row = 0; row < inBlock; row++) {
      const cluster = clusterOf[start + row]!
      sizes[cluster]!++
      const own = change(block, row * d)
      for (let i = 0; i < d; i++) sums[cluster * d + i]! += own[i]!
    }
  return { sums, sizes }
}

function meanRow(rows: Pick<HeadRows, 'read'>, d: number, tokens: number): Float64Array {
  const mean = new Float64Array(d)
  for (const { count, block } of rowBlocks(rows, tokens))
    for (let i = 0; i < count * d; i++) mean[i % d]! += block[i]! / tokens
  return mean
}

/** A row less `mean`, of length 1. */
function unitRow(rows: ArrayLike<number>, at: number, mean: Float64Array): Float64Array {
  const row = Float64Array.from(mean, (middle, i) => rows[at + i]! - middle)
  const length = Math.sqrt(dot(row, 0, row)) || 1
  for (let i = 0; i < row.length; i++) row[i]! /= length
  return row
}
