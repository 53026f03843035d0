import { input, matmul } from '../graph/index.ts'
import { createSession, floatData, floatTensor, int64Tensor, type Session } from '../runtime/session.ts'
import type { BaseModel } from './base-model.ts'
import { scaleAndCap, tableRows } from './blocks.ts'

/** The base model's logits of some hundreds of tokens after one state, by their rows of the LM head alone. */
export interface RowLogits {
  /**
   * Exact up to rounding, as `HeadRows.logits`.
   *
   * @param hidden float32 [d], after the final norm
   * @param tokens at least one
   * @returns [tokens]
   */
  logits(hidden: Float32Array, tokens: readonly number[]): Promise<Float32Array>
  release(): Promise<void>
}

/**
 * Row logits by a graph that gathers rows where the LM head lies, loaded when it is first asked. The system keeps the pages
 * that are read, so there is no second copy of the head. A few rows are gathered and multiplied before another thread wakes up.
 */
export function createRowLogits({ architecture, weights }: BaseModel): RowLogits {
  const { head, hiddenSize: d } = architecture
  const load = () => {
    const rows = tableRows(weights.matrix(head.weight.name), input('tokens', ['tokens'], 'int64'))
    const logits = scaleAndCap(matmul(input('hidden', [1, d]), rows, { transposeB: true }), head)
    return createSession({ logits }, { weightsFolder: weights.folder, prepack: false, threads: 1 })
  }
  let session: Promise<Session> | null = null
  return {
    logits: async (hidden, tokens) => {
      const loaded = await (session ??= load())
      const feeds = { hidden: floatTensor(hidden, [1, d]), tokens: int64Tensor(tokens, [tokens.length]) }
      return floatData((await loaded.run(feeds))['logits'])
    },
    release: async () => (await session)?.release(),
  }
}
