import type { TailShape } from '../../models/tail.ts'
import { seededRandom } from '../../base/random.ts'
import { floatTensor, int32Tensor, type Feeds } from '../../runtime/session.ts'

/** Random feeds for a tail's training graph with float32 hidden states; four symbols of ten don't count. */
export function randomBatch({ hiddenSize, k, alphabetSize }: TailShape, tokens: number, seed: number): Feeds {
  const random = seededRandom(seed)
  const rows = tokens * k
  const weights = Float32Array.from({ length: rows }, () => (random.chance(0.4) ? 0 : 1))
  const total = weights.reduce((a, b) => a + b, 0)
  return {
    hidden: floatTensor(Float32Array.from({ length: tokens * hiddenSize }, random.normal), [
      tokens,
      hiddenSize,
    ]),
    symbols: int32Tensor(
      Int32Array.from({ length: rows }, () => random.below(alphabetSize)),
      [rows, 1],
    ),
    weights: floatTensor(
      weights.map((weight) => weight / total),
      [rows, 1],
    ),
  }
}
