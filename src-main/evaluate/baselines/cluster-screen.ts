import { setImmediate } from 'node:timers/promises'
import { CancelledError } from '../../errors.ts'
import { constant, input, matmul } from '../../graph/index.ts'
import { createSession, floatData, floatTensor } from '../../runtime/session.ts'
import type { BaselineHead, BaselinePositions, Screened } from './baseline.ts'
import type { Clusters } from './k-means.ts'

const statesAtOnce = 256

/**
 * A screen in two stages: all centroids are scored, then the rows of the best clusters, in order, as long as they fit into
 * what is left of the bytes. Nothing is trained.
 *
 * @param shares of the head's bytes, centroids included; one result for each
 * @throws CancelledError when the signal fires
 */
export async function clusterScreen(
  { count: clusterCount, centroids, clusterOf }: Clusters,
  { base, tokens, rowBytes }: Pick<BaselineHead, 'base' | 'tokens' | 'rowBytes'>,
  { count, hidden, choices }: BaselinePositions,
  shares: readonly number[],
  signal?: AbortSignal,
): Promise<Screened[]> {
  const d = base.architecture.hiddenSize
  const sizes = new Int32Array(clusterCount)
  for (const cluster of clusterOf) sizes[cluster]!++
  // Means are kept in float32, whatever the rows are kept in.
  const screenBytes = clusterCount * d * 4
  const budgets = shares.map((share) => Math.floor((share * tokens * rowBytes - screenBytes) / rowBytes))
  const isFound = shares.map(() => new Uint8Array(count))
  const rowsRead = shares.map(() => 0)
  const scores = matmul(input('states', ['rows', d]), constant(centroids, [clusterCount, d]), {
    transposeB: true,
  })
  const session = await createSession({ scores })
  try {
    const order = new Int32Array(clusterCount)
    for (let start = 0; start < count; start += statesAtOnce) {
      if (signal?.aborted) throw new CancelledError()
      const rows = Math.min(statesAtOnce, count - start)
      const states = hidden.subarray(start * d, (start + rows) * d)
      const all = floatData((await session.run({ states: floatTensor(states, [rows, d]) }))['scores'])
      for (let row = 0; row < rows; row++) {
        const own = all.subarray(row * clusterCount, (row + 1) * clusterCount)
        for (let i = 0; i < clusterCount; i++) order[i] = i
        order.sort((a, b) => own[b]! - own[a]! || a - b)
        const wanted = clusterOf[choices[start + row]!]!
        budgets.forEach((budget, i) => {
          const read = readClusters(order, sizes, budget, wanted)
          rowsRead[i]! += read.rows
          if (read.hasWanted) isFound[i]![start + row] = 1
        })
      }
      await setImmediate()
    }
  } finally {
    await session.release()
  }
  return isFound.map((found, i) => ({
    isFound: found,
    bytesShare: (screenBytes + (rowsRead[i]! / count) * rowBytes) / (tokens * rowBytes),
  }))
}

/** The best clusters whose rows fit, and whether one of them is wanted. */
function readClusters(
  order: Int32Array,
  sizes: Int32Array,
  budget: number,
  wanted: number,
): { readonly rows: number; readonly hasWanted: boolean } {
  let rows = 0
  let hasWanted = false
  for (const cluster of order) {
    if (rows + sizes[cluster]! > budget) break
    rows += sizes[cluster]!
    hasWanted ||= cluster === wanted
  }
  return { rows, hasWanted }
}
