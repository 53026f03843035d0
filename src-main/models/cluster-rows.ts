import { setImmediate } from 'node:timers/promises'
import { CancelledError } from '../base/errors.ts'
import { add, argMax, input, matmul } from '../graph/index.ts'
import { seededRandom, shuffledIndices } from '../base/random.ts'
import { createSession, floatData, floatTensor, int64Data, type Feeds } from '../runtime/session.ts'
import { dot } from '../base/dot.ts'
import type { HeadRows } from './head-rows.ts'
import { rowBlocks } from './row-blocks.ts'

/** The head's rows in clusters. */
export interface Clusters {
  readonly count: number
  /** float32 [count, d], of length 1: each cluster has the rows that are furthest along its own, seen from the mean row. */
  readonly directions: Float32Array
  /** float32 [count, d]: the mean of each cluster's rows. */
  readonly centroids: Float32Array
  /** The cluster of each row, [tokens]. */
  readonly clusterOf: Int32Array
}

/** How rows are clustered. */
export interface ClusterOptions {
  readonly count: number
  readonly iterations?: number
  /** Maximum number of rows of a cluster; count · most is no less than there are rows. Default: as many as there are. */
  readonly most?: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Spherical k-means (Dhillon & Modha 2001) of the head's first `tokens` rows less their mean, from random ones of them: by
 * direction, clusters are of more even size than by distance. One that lost all of its rows restarts from a random one.
 *
 * @throws CancelledError when the signal fires
 */
export async function clusterRows(
  rows: Pick<HeadRows, 'read'>,
  d: number,
  tokens: number,
  { count, iterations = 8, most = tokens, signal }: ClusterOptions,
): Promise<Clusters> {
  const random = seededRandom(0)
  const mean = meanRow(rows, d, tokens)
  const unit = (token: number) => unitRow(rows.read([token]), 0, mean)
  const directions = new Float32Array(count * d)
  shuffledIndices(tokens, random)
    .subarray(0, count)
    .forEach((token, cluster) => directions.set(unit(token), cluster * d))
  const clusterOf = new Int32Array(tokens)
  const scorer = await createScorer(d, count)
  try {
    for (let iteration = 0; iteration < iterations; iteration++) {
      scorer.point(directions, mean)
      for (const { start, block } of rowBlocks(rows, tokens)) {
        if (signal?.aborted) throw new CancelledError()
        clusterOf.set(await scorer.nearest(block), start)
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
    await evenOut(rows, clusterOf, { count, most }, scorer, signal)
  } finally {
    await scorer.release()
  }
  const { sums, sizes } = sumsOf(rows, d, clusterOf, count, (block, at) => block.subarray(at, at + d))
  const centroids = Float32Array.from(sums, (sum, i) => sum / Math.max(1, sizes[Math.floor(i / d)]!))
  return { count, directions, centroids, clusterOf }
}

/** How far rows are along each cluster's direction, seen from the mean row. */
interface Scorer {
  point(directions: Float32Array, mean: Float64Array): void
  /** float32 [rows · d] → the cluster that each row is furthest along. */
  nearest(block: Float32Array): Promise<Int32Array>
  /** float32 [rows · d] → [rows · count]. */
  scores(block: Float32Array): Promise<Float32Array>
  release(): Promise<void>
}

async function createScorer(d: number, count: number): Promise<Scorer> {
  const products = matmul(input('rows', ['rows', d]), input('directions', [count, d]), { transposeB: true })
  const scores = add(products, input('offsets', [1, count]))
  const session = await createSession({ nearest: argMax(scores), scores })
  let pointed: Feeds = {}
  const run = async (block: Float32Array, asked: 'nearest' | 'scores') => {
    const feeds = { ...pointed, rows: floatTensor(block, [block.length / d, d]) }
    return (await session.run(feeds, { [asked]: null }))[asked]
  }
  return {
    point: (directions, mean) => {
      // Rows are multiplied as they are, so the mean's part is taken out of the products.
      const offsets = Float32Array.from(
        { length: count },
        (_, cluster) => -dot(directions, cluster * d, mean),
      )
      pointed = {
        directions: floatTensor(directions, [count, d]),
        offsets: floatTensor(offsets, [1, count]),
      }
    },
    nearest: async (block) => int64Data(await run(block, 'nearest')),
    scores: async (block) => floatData(await run(block, 'scores')),
    release: () => session.release(),
  }
}

/** What a cluster has beyond `most` rows, those that are least far along it, goes to the next best ones with room. */
async function evenOut(
  rows: Pick<HeadRows, 'read'>,
  clusterOf: Int32Array,
  { count, most }: { readonly count: number; readonly most: number },
  scorer: Scorer,
  signal: AbortSignal | undefined,
): Promise<void> {
  const sizes = new Int32Array(count)
  for (const cluster of clusterOf) sizes[cluster]!++
  const crowded = Array.from(clusterOf.keys()).filter((row) => sizes[clusterOf[row]!]! > most)
  const visit = async (tokens: readonly number[], look: (row: number, scores: Float32Array) => void) => {
    for (const { start, count: inBlock, block } of rowBlocks(someRows(rows, tokens), tokens.length)) {
      if (signal?.aborted) throw new CancelledError()
      const scores = await scorer.scores(block)
      for (let i = 0; i < inBlock; i++) look(tokens[start + i]!, scores.subarray(i * count, (i + 1) * count))
      await setImmediate()
    }
  }
  const own = new Map<number, number>()
  await visit(crowded, (row, scores) => own.set(row, scores[clusterOf[row]!]!))
  const moving: number[] = []
  for (const row of crowded.toSorted((a, b) => own.get(a)! - own.get(b)! || a - b)) {
    const cluster = clusterOf[row]!
    if (sizes[cluster]! <= most) continue
    sizes[cluster]!--
    moving.push(row)
  }
  await visit(moving, (row, scores) => {
    let best = -1
    for (let cluster = 0; cluster < count; cluster++)
      if (sizes[cluster]! < most && (best < 0 || scores[cluster]! > scores[best]!)) best = cluster
    clusterOf[row] = best
    sizes[best]!++
  })
}

/** Some of the head's rows as if they were all. */
export const someRows = (
  rows: Pick<HeadRows, 'read'>,
  tokens: ArrayLike<number>,
): Pick<HeadRows, 'read'> => ({ read: (places) => rows.read(Array.from(places, (place) => tokens[place]!)) })

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
  // With this many rows, a callback for each number would take longer than the products.
  const row = new Float64Array(mean.length)
  for (let i = 0; i < row.length; i++) row[i] = rows[at + i]! - mean[i]!
  const length = Math.sqrt(dot(row, 0, row)) || 1
  for (let i = 0; i < row.length; i++) row[i]! /= length
  return row
}
