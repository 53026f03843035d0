import { input, logSumExp, slice, topK } from '../../graph/index.ts'
import type { BaseModel } from '../../models/base-model.ts'
import { headLogits } from '../../models/decoder.ts'
import {
  createSession,
  floatData,
  floatTensor,
  int64Data,
  type SessionOptions,
} from '../../runtime/session.ts'
import { drawnFrom, type Scores } from './draw.ts'

/** The LM head for the states of sequences that are written side by side. */
export interface HeadSession {
  /** hidden [rows · d] → what it says of each row. */
  scores(hidden: Float32Array): Promise<Scores[]>
  release(): Promise<void>
}

/**
 * Loads the LM head. Its logits are never copied out: 25 MB for 128 rows of 49,152, of which a draw needs a hundredth.
 *
 * @param tokens how many the tokenizer has: rows of the head beyond are padding, which nothing may choose
 */
export async function createHeadSession(
  { architecture, weights }: BaseModel,
  rows: number,
  tokens: number,
  options: SessionOptions = {},
): Promise<HeadSession> {
  const shape = [rows, architecture.hiddenSize]
  const all = headLogits(architecture, weights, input('hidden', shape))
  const logits = slice(all, 1, 0, tokens)
  const count = Math.min(drawnFrom, tokens)
  const session = await createSession(
    { ...topK(logits, count), logZ: logSumExp(logits) },
    { ...options, weightsFolder: weights.folder },
  )
  return {
    scores: async (hidden) => {
      const results = await session.run({ hidden: floatTensor(hidden, shape) })
      const values = floatData(results['values'])
      const indices = int64Data(results['indices'])
      const logZ = floatData(results['logZ'])
      return Array.from(logZ, (own, row) => ({
        logits: values.subarray(row * count, (row + 1) * count),
        tokens: indices.subarray(row * count, (row + 1) * count),
        logZ: own,
      }))
    },
    release: () => session.release(),
  }
}
