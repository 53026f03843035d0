import {
  add,
  constant,
  exp,
  gatherElements,
  input,
  log,
  reduceMax,
  reduceSum,
  reshape,
  subtract,
} from '../graph/index.ts'
import { causalMask } from '../runtime/masks.ts'
import {
  createSession,
  floatData,
  int32Tensor,
  int64Tensor,
  type SessionOptions,
} from '../runtime/session.ts'
import type { BaseModel } from './base-model.ts'
import { headLogits, trunk } from './decoder.ts'

/** Says how likely the base model thinks given texts are. */
export interface ScoringSession {
  /**
   * @param tokens [batch · tokens], sequence after sequence; a shorter text is filled up behind its end, which
   *   doesn't change what comes before
   * @returns natural log-probability of each token given those before it in its sequence, [batch · tokens]; the
   *   first of each sequence is 0
   */
  logProbabilities(tokens: Int32Array): Promise<Float32Array>
  release(): Promise<void>
}

/** Loads trunk and LM head for sequences of a fixed length. Only one number a token leaves the graph. */
export async function createScoringSession(
  model: BaseModel,
  { batch, tokens, ...options }: SessionOptions & { readonly batch: number; readonly tokens: number },
): Promise<ScoringSession> {
  const rows = batch * tokens
  const { hidden } = trunk(
    model.architecture,
    model.weights,
    {
      tokens: input('tokens', [batch, tokens], 'int64'),
      positions: constant(
        BigInt64Array.from({ length: tokens }, (_, i) => BigInt(i)),
        [tokens],
      ),
      causalMask: constant(causalMask(tokens), [tokens, tokens]),
      past: null,
    },
    'inference',
  )
  const logits = headLogits(model.architecture, model.weights, hidden)
  const max = reduceMax(logits, [1], { keepAxes: true })
  const total = add(log(reduceSum(exp(subtract(logits, max)), [1], { keepAxes: true })), max)
  const scores = subtract(gatherElements(logits, input('next', [rows, 1], 'int32'), 1), total)
  const session = await createSession(
    { scores: reshape(scores, [rows]) },
    { ...options, weightsFolder: model.weights.folder },
  )
  return {
    logProbabilities: async (ids) => {
      const isLast = (row: number) => (row + 1) % tokens === 0
      const next = Int32Array.from(ids, (_, row) => (isLast(row) ? 0 : ids[row + 1]!))
      const results = await session.run({
        tokens: int64Tensor(ids, [batch, tokens]),
        next: int32Tensor(next, [rows, 1]),
      })
      const ofNext = floatData(results['scores'])
      return Float32Array.from(ids, (_, row) => (row % tokens === 0 ? 0 : ofNext[row - 1]!))
    },
    release: () => session.release(),
  }
}
