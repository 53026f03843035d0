import { input, matmul } from '../graph/index.ts'
import { createSession, floatTensor, type SessionOptions } from '../runtime/session.ts'

/** A matrix of 1 GiB, which no processor's cache holds. */
const rows = 16_384
const columns = 16_384
const passes = 10

/**
 * The rate at which this machine reads memory, in bytes a second: the best of ten products of a float32 matrix of
 * 1 GiB and a vector, which do little else, by as many threads as decoding has.
 */
export async function measureBandwidth(options: Pick<SessionOptions, 'threads'>): Promise<number> {
  // Pages that nobody has written to are all the same page.
  const matrix = new Float32Array(rows * columns).fill(1)
  const product = matmul(input('vector', [1, columns]), input('matrix', [rows, columns]), {
    transposeB: true,
  })
  const session = await createSession({ product }, options)
  try {
    const feeds = {
      vector: floatTensor(new Float32Array(columns), [1, columns]),
      matrix: floatTensor(matrix, [rows, columns]),
    }
    let best = Infinity
    for (let pass = 0; pass < passes; pass++) {
      const started = performance.now()
      await session.run(feeds)
      best = Math.min(best, performance.now() - started)
    }
    return matrix.byteLength / (best / 1000)
  } finally {
    await session.release()
  }
}
