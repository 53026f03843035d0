import { setImmediate } from 'node:timers/promises'
import { CancelledError } from '../../base/errors.ts'
import { constant, input, matmul } from '../../graph/index.ts'
import { createSession, floatData, floatTensor } from '../../runtime/session.ts'
import type { BaselineHead, BaselinePositions, Screened } from './baseline.ts'
import type { Clusters } from '../../models/cluster-rows.ts'

const statesAtOnce = 256

/**
 * A screen in two stages: all centroids are scored, then the rows of the best clusters, always as many clusters: the most whose
 * rows, on average, fit into what is left of the bytes. Nothing is trained.
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
  /** The place of the choice's cluster among all by score, at each position. */
  const places = new Int32Array(count)
  /** Rows of the best n + 1 clusters, in all positions. */
  const rowsOfBest = new Float64Array(clusterCount)
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
        places[start + row] = order.indexOf(clusterOf[choices[start + row]!]!)
        let read = 0
        for (let n = 0; n < clusterCount; n++) {
          read += sizes[order[n]!]!
          rowsOfBest[n]! += read
        }
      }
      await setImmediate()
    }
  } finally {
    await session.release()
  }
  // Means are kept in float32, whatever the rows are kept in.
  const screenBytes = clusterCount * d * 4
  return shares.map((share) => {
    const budget = (share * tokens * rowBytes - screenBytes) / rowBytes
    let best = 0
    while (best < clusterCount && rowsOfBest[best]! / count <= budget) best++
    const rows = best === 0 ? 0 : rowsOfBest[best - 1]! / count
    return {
      isFound: Uint8Array.from(places, (place) => Number(place < best)),
      bytesShare: (screenBytes + rows * rowBytes) / (tokens * rowBytes),
    }
  })
}
